"""People and groups, with searchable fields in the place of Django's two-box chooser, which has no accessible names."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User

admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Who may log in."""

    filter_horizontal = ()
    autocomplete_fields = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")
    list_filter = ("is_staff", "is_active")
    list_display = ("username", "first_name", "last_name", "email", "is_staff", "last_login")


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """What a group of people may do."""

    filter_horizontal = ()
    autocomplete_fields = ("permissions",)


@admin.register(Permission)
class PermissionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One thing that can be allowed; made by the models, only chosen here."""

    search_fields = ("name", "codename")
    list_select_related = ("content_type",)

    def has_module_permission(self, request: object) -> bool:
        """Keep it out of the list of records."""
        return False
