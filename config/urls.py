"""Where each face is mounted."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from backorders.backoffice.views.purchases import receipts_feed
from backorders.portal.views.looking import AsCustomer
from backorders.portal.views.stopping import StopUpdates

handler403 = "backorders.backoffice.views.inbox.denied"
handler500 = "config.failing.answered"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:start")),
    path(
        "admin/orders/<int:pk>/as-customer/", admin.site.admin_view(AsCustomer.as_view()), {"part": ""}, "as_customer"
    ),
    path(
        "admin/orders/<int:pk>/as-customer/<str:part>/", admin.site.admin_view(AsCustomer.as_view()), name="looked_at"
    ),
    path("admin/", admin.site.urls),
    path("calendar/<str:token>.ics", receipts_feed, name="receipts_feed"),
    path("o/", include("backorders.portal.urls")),
    path("s/", include("backorders.portal.supplier_urls")),
    path("u/<str:token>/", csrf_exempt(StopUpdates.as_view()), name="stop_updates"),  # mail programs bring no cookie
]
if settings.ANYMAIL["WEBHOOK_SECRET"]:  # without it anybody could report bounces
    urlpatterns.append(path("anymail/", include("backorders.notifications.webhooks")))
