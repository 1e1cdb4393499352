"""Where the links in the mails to suppliers lead."""

from django.urls import path

from backorders.portal import suppliers

app_name = "suppliers"
urlpatterns = [
    path("<str:token>/", suppliers.AnswerRequest.as_view(), name="request"),
    path("<str:token>/done/", suppliers.Answered.as_view(), name="answered"),
]
