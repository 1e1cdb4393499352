"""Where the links in the mails lead."""

from django.urls import path
from django.views.decorators.csrf import csrf_exempt  # the key in each form: see portal/keys.py

from backorders.portal.views import choosing, showing, telling

app_name = "portal"
_LINK = "<str:token>/"
urlpatterns = [
    path(_LINK, csrf_exempt(showing.ShowOrder.as_view()), name="order"),
    path(_LINK + "keep/", csrf_exempt(choosing.Keep.as_view()), name="keep"),
    path(_LINK + "cancel/", csrf_exempt(choosing.Cancel.as_view()), name="cancel"),
    path(_LINK + "alternatives/", csrf_exempt(choosing.Alternatives.as_view()), name="alternatives"),
    path(_LINK + "ready/", csrf_exempt(choosing.SendReady.as_view()), name="ready"),
    path(_LINK + "ask/", csrf_exempt(telling.Ask.as_view()), name="ask"),
    path(_LINK + "asked/<int:question>/", csrf_exempt(showing.AskedQuestion.as_view()), name="asked"),
    path(_LINK + "contact/", csrf_exempt(telling.Contact.as_view()), name="contact"),
    path(_LINK + "code/<int:code>/", csrf_exempt(telling.EnterCode.as_view()), name="code"),
    path(_LINK + "last-day/", csrf_exempt(choosing.LastDay.as_view()), name="last_day"),
    path(_LINK + "essential/", csrf_exempt(choosing.Essential.as_view()), name="essential"),
    path(_LINK + "updates/", csrf_exempt(choosing.Updates.as_view()), name="updates"),
    path(_LINK + "received/<int:parcel>/", csrf_exempt(telling.Received.as_view()), name="received"),
    path(_LINK + "feedback/", csrf_exempt(telling.GiveFeedback.as_view()), name="feedback"),
    path(_LINK + "done/<int:decision>/", csrf_exempt(showing.Done.as_view()), name="done"),
    path(_LINK + "order.ics", csrf_exempt(showing.Calendar.as_view()), name="calendar"),
]
