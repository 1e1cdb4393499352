"""Preferences hold on every page; keys are remapped or switched off; the first screen is the one that was chosen."""

import json

from django.conf import settings
from django.test import Client

from backorders.backoffice.forms.preferences import PreferenceForm
from backorders.desk.models import Preference
from tests.backoffice.desk import address, text


def usual(**other: object) -> dict[str, object]:
    form = PreferenceForm(preference=None, muted=())
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**values, **other}.items() if value not in (None, False)}


def keys(client: Client) -> dict[str, str]:
    page = client.get(address("index"))
    made: dict[str, str] = json.loads(page.context["keys"])
    return made


def test_theme_and_density_are_worn_by_every_page(desk: Client) -> None:
    desk.post(address("preferences"), usual(theme="dark", density="compact"))
    page = desk.get(address("outbox")).content.decode()
    assert 'name="desk-theme" content="dark"' in page
    assert " compact" in page[page.index("<body") : page.index(">", page.index("<body"))]


def test_the_language_holds_from_the_next_page_on_and_on_other_devices(desk: Client) -> None:
    desk.post(address("preferences"), usual(language="tr"))
    assert "Tercihler" in text(desk.get(address("preferences")))
    desk.cookies.pop(settings.LANGUAGE_COOKIE_NAME)
    desk.get(address("start"))
    assert desk.cookies[settings.LANGUAGE_COOKIE_NAME].value == "tr"


def test_a_person_begins_where_they_chose(desk: Client) -> None:
    assert desk.get(address("start"))["Location"] == address("index")
    desk.post(address("preferences"), usual(home="waiting_lines"))
    assert desk.get(address("start"))["Location"] == address("waiting_lines")


def test_the_login_leads_to_where_one_begins() -> None:
    page = Client().get(address("login")).content.decode()
    assert f'name="next" value="{address("start")}"' in page


def test_a_key_is_given_to_another_command(desk: Client) -> None:
    assert keys(desk)["p"] == "peek"
    assert keys(desk)["g b"] == address("waiting_lines")
    desk.post(address("preferences"), usual(key_peek="v"))
    assert keys(desk)["v"] == "peek"
    assert "p" not in keys(desk)
    assert "v Peek at the line" in text(desk.get(address("keys")))


def test_a_key_that_somebody_gave_away_is_not_taken_by_a_command_that_came_later(desk: Client) -> None:
    desk.post(address("preferences"), usual(key_peek="v"))
    Preference.objects.update(keys={"peek": "s"})
    assert keys(desk)["s"] == "peek"
    assert "split" not in keys(desk).values()
    assert "– Split the order" in text(desk.get(address("keys")))


def test_what_the_keys_do_on_an_order_stands_together(desk: Client) -> None:
    said = text(desk.get(address("keys")))
    part = said[said.index("On an order's page") : said.index("In lists")]
    for words in ("n Write a note", "m Message", "e Set the ETA", "s Split the order", "b Back to the list"):
        assert words in part
    assert "Sipariş sayfasında" in text(desk.get(address("keys"), headers={"Accept-Language": "tr"}))


def test_commands_that_never_meet_share_a_key(desk: Client) -> None:
    assert keys(desk)["e"] == "set_eta next_problem"
    assert desk.post(address("preferences"), usual(key_next_problem="j")).status_code == 302
    assert keys(desk)["j"] == "next next_problem"
    refused = desk.post(address("preferences"), usual(key_next_problem="u"))
    assert "“u” is the key of “Undo the last change”." in text(refused)


def test_single_keys_are_switched_off(desk: Client) -> None:
    desk.post(address("preferences"), usual(are_keys_on=False))
    assert keys(desk) == {}
    assert "Single keys are switched off" in text(desk.get(address("keys")))


def test_two_commands_on_one_key_are_refused_with_everything_typed_kept(desk: Client) -> None:
    answer = desk.post(address("preferences"), usual(key_peek="j", theme="dark"))
    assert answer.status_code == 422
    assert "“j” is the key of “Next line”." in text(answer)
    assert answer.context["form"]["theme"].value() == "dark"
    assert "g begins the keys" in text(desk.post(address("preferences"), usual(key_peek="g")))


def test_a_choice_that_is_none_is_refused(desk: Client) -> None:
    for field in ("theme", "density", "language", "home"):
        assert desk.post(address("preferences"), usual(**{field: "nonsense"})).status_code == 422


def test_the_map_comes_alone_for_the_dialog(desk: Client) -> None:
    part = desk.get(address("keys"), headers={"HX-Request": "true"}).content.decode()
    assert "<kbd>j</kbd>" in part
    assert "<html" not in part
