"""Where the links in the mails lead."""

from django.urls import path

from backorders.portal import views

app_name = "portal"
urlpatterns = [path("<str:token>/", views.show_order, name="order")]
