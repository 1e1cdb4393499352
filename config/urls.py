"""Where each face is mounted."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("o/", include("backorders.portal.urls")),
]
if settings.ANYMAIL["WEBHOOK_SECRET"]:  # without it anybody could report bounces
    urlpatterns.append(path("anymail/", include("anymail.urls")))
