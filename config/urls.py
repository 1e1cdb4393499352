"""Where each face is mounted."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("o/", include("backorders.portal.urls")),
]
if settings.ANYMAIL["WEBHOOK_SECRET"]:  # without it anybody could report bounces
    urlpatterns.append(path("anymail/", include("anymail.urls")))
