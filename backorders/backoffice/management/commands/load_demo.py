"""Load the demo: 120 days of a small importer, ending now, and somebody who may log in."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from backorders.access.table import ADMINISTRATOR, AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE
from backorders.backoffice.demo.story import DAYS, Story
from backorders.catalog.models import Product

# Somebody of each role.
PEOPLE = {
    SERVICE: "agent",
    PURCHASING: "buyer",
    WAREHOUSE: "clerk",
    MANAGER: "manager",
    AUDITOR: "auditor",
    ADMINISTRATOR: "administrator",
}


class Command(BaseCommand):
    """Play the demo into an empty database; leave one with products alone."""

    help = "Fill an empty database with living demo data, and create an administrator if there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"how many days to play (1 to {DAYS})")
        parser.add_argument("--admin", default="admin", help="name of the administrator (admin)")
        parser.add_argument("--password", help="password of the administrator; one is made and printed without it")

        parser.add_argument("--people-password", help="password of the people, one for each role; made without it")

    def handle(self, *args: Any, **options: Any) -> None:
        length = options["days"]
        if not 1 <= length <= DAYS:
            raise CommandError(f"The demo knows {DAYS} days, not {length}.")
        if Product.objects.exists():
            self.stdout.write("There are products already: the demo is only for an empty database.")
            return
        with transaction.atomic():  # all of it or nothing: half a demo could neither be used nor loaded again
            story = Story(timezone.now(), length=length)
            for _ in tqdm(story.days(), total=length + 1, desc="Demo", unit="day", leave=False):
                pass
            self._create_people(options["people_password"])
            self._create_admin(options["admin"], options["password"])

    def _create_admin(self, name: str, password: str | None) -> None:
        users = get_user_model()
        if users.objects.filter(is_superuser=True).exists():
            return
        users.objects.create_superuser(name, f"{name}@example.com", password or (made := secrets.token_urlsafe(9)))
        self.stdout.write(f"Log in as {name}" + ("" if password else f" with the password {made}"))

    def _create_people(self, password: str | None) -> None:
        """Let a stranger see the desk as each role sees it; they share a password, which is printed."""
        users = get_user_model()
        made = password or secrets.token_urlsafe(6)
        for role, name in PEOPLE.items():
            person, is_new = users.objects.get_or_create(username=name, defaults={"is_staff": True})
            if is_new:
                person.set_password(made)
                person.save(update_fields=["password"])
            person.groups.add(Group.objects.get_or_create(name=role.group)[0])
        names = ", ".join(PEOPLE.values())
        self.stdout.write(f"Or, to see what each role sees, as {names}" + ("" if password else f" with {made}"))
