"""People and groups, with searchable fields in the place of Django's two-box chooser, which has no accessible names."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backorders.access.table import GROUP_LABELS
from backorders.backoffice.admin.base import column
from backorders.backoffice.admin.seen import SeenAdmin, SeenForm

admin.site.unregister([User, Group])


class PersonForm(SeenForm, UserChangeForm):  # type: ignore[type-arg]
    """A person's form, which notices what changed since it was opened."""


@admin.register(User)
class PersonAdmin(SeenAdmin, UserAdmin):  # type: ignore[type-arg]
    """Who may log in, and in which roles.

    An administrator gives roles to others, not to themselves, and touches nobody who may break the glass: those are
    made and changed by their like. Whoever acted stays on record, so people are put out, not deleted.
    """

    form = PersonForm
    filter_horizontal = ()
    autocomplete_fields = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")
    list_filter = ("is_staff", "is_active")
    list_display = ("username", "first_name", "last_name", "email", "roles", "is_active", "last_login")
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups",)}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Read everybody's roles at once."""
        return super().get_queryset(request).prefetch_related("groups")

    @column(_("roles"))
    def roles(self, person: User) -> str:
        """Name the person's roles."""
        said = ", ".join(str(GROUP_LABELS.get(group.name, group.name)) for group in person.groups.all())
        return f"{said}, {gettext('superuser')}".strip(", ") if person.is_superuser else said

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep from an administrator what would make them more than that."""
        fixed = list(super().get_readonly_fields(request, obj))
        if not is_superuser(request):
            fixed += ["is_superuser", "user_permissions"]
            fixed += ["groups", "is_active", "is_staff"] if obj is not None and obj.pk == request.user.pk else []
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only those who may break the glass change one another."""
        is_theirs = obj is None or not obj.is_superuser or is_superuser(request)
        return is_theirs and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are put out, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Let whoever is added be a member of the staff: nobody else has anything to do here."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """A role, or a further group of people. What a role may do stands in the code; its name is the key to it."""

    filter_horizontal = ()
    autocomplete_fields = ("permissions",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The six roles stay as they are."""
        return not _is_role(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The six roles stay."""
        return not _is_role(obj) and super().has_delete_permission(request, obj)


@admin.register(Permission)
class PermissionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One thing that can be allowed; made by the models, only chosen here."""

    search_fields = ("name", "codename")
    list_select_related = ("content_type",)

    def has_module_permission(self, request: object) -> bool:
        """Keep it out of the list of records."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The models make them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The models make them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The models make them."""
        return False


def is_superuser(request: HttpRequest) -> bool:
    """Whether whoever asks may break the glass."""
    return bool(getattr(request.user, "is_superuser", False))


def _is_role(group: Group | None) -> bool:
    return group is not None and group.name in GROUP_LABELS
