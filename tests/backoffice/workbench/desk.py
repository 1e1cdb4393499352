"""What tests of the workbench do over and over."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.http import QueryDict

from backorders.backoffice.workbench import asking
from backorders.backoffice.workbench.asking import Asked
from backorders.orders.models import OrderLine
from tests.factories import TODAY


def somebody() -> User:
    return get_user_model().objects.get_or_create(username="elif", defaults={"is_staff": True, "is_superuser": True})[0]


def asked(view: str, text: str = "", *, person: User | None = None) -> Asked:
    return asking.asked(QueryDict(asking.query(view, text)), person=person or somebody(), today=TODAY)


def listed(view: str, text: str = "", *, person: User | None = None) -> list[str]:
    """The orders of a list, in its order."""
    return names(asked(view, text, person=person).ids)


def names(line_ids: list[int]) -> list[str]:
    orders = dict(OrderLine.objects.filter(pk__in=line_ids).values_list("pk", "order__number"))
    return [orders[pk] for pk in line_ids]
