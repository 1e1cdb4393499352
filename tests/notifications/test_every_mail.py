"""Every folder of mails, in both languages and at the edges: the rules of a mail hold, of kinds to come as well."""

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backorders.allocation.windows import Window
from backorders.notifications import requesting
from backorders.notifications.emails import LANGUAGES, SUBJECT_LENGTH, Rendered, render
from backorders.notifications.examples import examples
from backorders.notifications.letters import Item, Letter
from backorders.notifications.models import TO_SUPPLIERS, Message
from backorders.notifications.outbox import PRIORITY
from tests.notifications.letters import LINKS
from tests.notifications.test_emails import AMOUNT, APOLOGY, BRIEFLY, DATE, FORBIDDEN, URL, Page

FOLDERS = sorted(path.parent.name for path in Path(settings.BASE_DIR, "templates/emails").glob("*/subject.txt"))
TODAY = datetime.date(2026, 11, 24)
SOON = Window(TODAY, TODAY + datetime.timedelta(days=4))


NAMES = json.loads((Path(__file__).parent / "odd_texts" / "names.json").read_text())


def odd_names(number: int) -> dict[str, str]:
    """Names of 200 letters, without a space and with many, and some of the scripts of the world, others each time."""
    scripts = [*NAMES][number % 4 :: 4]
    return {
        "one endless word": "Wärmflaschenüberzug" * 11,
        "many words": "İğde şurubu ‘ağır’ <b>&amp; " * 8,
        **{f"in {script}": " ".join(NAMES[script]) for script in scripts},
    }


def renamed(letter: Letter, name: str) -> Letter:
    """The letter to somebody of this name, about goods that are called so, too."""
    name = name[:200]
    parts = [
        replace(
            part, orders=[replace(order, items=[_named(item, name) for item in order.items]) for order in part.orders]
        )
        for part in letter.parts
    ]
    return replace(letter, to=letter.to._replace(name=name), parts=parts)


def _named(item: Item, name: str) -> Item:
    return item._replace(name=name, alternatives=[each._replace(name=name) for each in item.alternatives])


def asked(language: str) -> Iterator[tuple[str, Rendered]]:
    """What a supplier is asked: little, much, and once more."""
    line = requesting.Wanted("PO-7", "SKU-7", "Aria Kettle", 4, SOON, "past_due")
    undated = line._replace(eta=None, product="Kettle " * 20, number="N" * 40, why="unconfirmed")
    for name, lines, before in (("ordinary", [line], 0), ("many", [undated] * 60, 0), ("a reminder", [line], 1)):
        known = {"request_id": 1, "supplier_id": 1, "name": "شركة", "email": "a@example.com", "language": language}
        question = requesting.Question(**known, lines=lines, answer_by=SOON.last, on=TODAY, mails_before=before)
        yield name, requesting.put_into_words(question, url="https://shop.example/s/token/")
    for name, words in odd_names(len(language)).items():
        known = {"request_id": 1, "supplier_id": 1, "name": words[:200], "email": "a@example.com", "language": language}
        odd = line._replace(product=words[:200])
        question = requesting.Question(**known, lines=[odd], answer_by=SOON.last, on=TODAY, mails_before=0)
        yield name, requesting.put_into_words(question, url="https://shop.example/s/token/")


def mails(kind: str, language: str) -> list[tuple[str, Rendered]]:
    """Every example of a kind in words."""
    if kind in TO_SUPPLIERS:
        return list(asked(language))
    known = examples(kind, language, today=TODAY)
    odd = odd_names(FOLDERS.index(kind) + list(LANGUAGES).index(language))
    letters = [*known, *((name, renamed(known[0][1], words)) for name, words in odd.items())]
    return [(name, render(letter, links=LINKS)) for name, letter in letters]


EVERY_ONE = [
    pytest.param(kind, language, name, mail, id=f"{kind}-{language}-{name}")
    for kind in FOLDERS
    for language in LANGUAGES
    for name, mail in mails(kind, language)
]


def test_every_folder_is_a_kind_of_mail_and_every_kind_has_its_folder_and_its_place_in_the_outbox() -> None:
    assert sorted(Message.Kind.values) == FOLDERS
    assert {str(kind) for kind in PRIORITY} == set(FOLDERS)


@pytest.mark.parametrize(("kind", "language", "name", "mail"), EVERY_ONE)
def test_the_text_says_what_the_html_says(kind: str, language: str, name: str, mail: Rendered) -> None:
    page, text = Page(mail.html), " ".join(mail.text.split())
    links = {str(link["href"]) for link in page.all("a")}
    in_html = {*DATE.findall(page.text), *AMOUNT.findall(page.text), *URL.findall(mail.html), *links}
    assert in_html
    assert {fact for fact in in_html if fact not in text} == set()
    in_text = {*DATE.findall(text), *AMOUNT.findall(text)}
    assert {fact for fact in in_text if fact not in page.text} == set()
    assert set(URL.findall(mail.text)) == links


def test_every_script_is_tried_and_every_name_stands_in_its_mail_as_it_is() -> None:
    tried = [case.values for case in EVERY_ONE if str(case.values[2]).startswith("in ")]
    assert {str(values[2]).removeprefix("in ") for values in tried} == set(NAMES)
    for _kind, _language, name, mail in tried:
        words = " ".join(NAMES[str(name).removeprefix("in ")])
        assert isinstance(mail, Rendered)
        assert words in " ".join(mail.text.split())
        assert words in mail.html
        assert f'dir="auto">{words}' in mail.html or f"× {words}</" in mail.html or words in mail.subject


@pytest.mark.parametrize(("kind", "language", "name", "mail"), EVERY_ONE)
def test_its_subject_and_words_keep_the_rules(kind: str, language: str, name: str, mail: Rendered) -> None:
    page = Page(mail.html)
    assert 0 < len(mail.subject) <= SUBJECT_LENGTH
    assert BRIEFLY.search(mail.subject)
    for body in (mail.text, page.text):
        assert len(APOLOGY.findall(body)) <= 1
        assert not re.search(r"None|\{\{|%\(|\bfirst\s*$", body)
        assert not FORBIDDEN.search(body)
    preview = re.search(r'<div class="pre">(.*?)</div>', mail.html)
    assert preview
    assert 40 <= len(preview[1]) <= 130
    assert mail.subject not in preview[1]


@pytest.mark.parametrize(("kind", "language", "name", "mail"), EVERY_ONE)
def test_its_markup_is_what_mail_programs_need(kind: str, language: str, name: str, mail: Rendered) -> None:
    page = Page(mail.html)
    assert len(mail.html.encode()) <= 30_000
    assert page.open == []
    [root], [article], [_headline] = page.all("html"), page.all("div")[:1], page.all("h1")
    assert (root["lang"], root["dir"]) == (article["lang"], article["dir"]) == (language, "ltr")
    assert (article["role"], article["aria-label"]) == ("article", mail.subject)
    tables = page.all("table")
    assert tables
    assert all(table["role"] == "presentation" for table in tables)
    assert any(table.get("width") == "560" for table in tables)
    schemes = {meta["name"]: meta["content"] for meta in page.all("meta") if "name" in meta}
    assert schemes["color-scheme"] == schemes["supported-color-schemes"] == "light dark"
    assert not {"img", "svg", "script", "link", "form", "iframe"} & {tag for tag, _ in page.tags}
    assert "url(" not in mail.html
    words = re.findall(r"<a [^>]*>([^<]*)</a>", mail.html)
    assert len(set(words)) == len(words)
    lines = [line for line in mail.text.splitlines() if len(line) > 76 and "://" not in line]
    assert [line for line in lines if " " in line.strip()] == []


@pytest.mark.browser
def test_everybody_can_read_it_in_both_schemes(visit: Any) -> None:
    chosen = []
    for number, kind in enumerate(FOLDERS):
        language = list(LANGUAGES)[number % 2]
        known = mails(kind, language)
        endless = [each for each in known if each[0] == "one endless word"]
        chosen += [(number, kind, language, *each) for each in (known[number % 3], known[-1 - number % 3], *endless)]
    for number, kind, language, name, mail in chosen:
        visit.page.set_viewport_size({"width": (320, 1366)[number % 2], "height": 700})
        for scheme in ("light", "dark"):
            visit.page.emulate_media(color_scheme=scheme)
            visit.page.set_content(mail.html)
            assert visit.violations() == [], (kind, language, name, scheme)
            assert not visit.scrolls_sideways(), (kind, language, name)
