"""Every kind of mail, in both languages: both bodies say the same, and it is written as mails are to be written."""

import datetime
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, engines
from django.utils.translation import gettext, override

from backorders.allocation.windows import Window
from backorders.notifications import dates, emails
from backorders.notifications.emails import Rendered, Unrenderable, render
from backorders.notifications.letters import Item, Letter, Part
from backorders.notifications.models import TO_CUSTOMERS
from backorders.notifications.templates import compiled
from tests.notifications.letters import (
    DECEMBER,
    JANUARY,
    KETTLE,
    LINKS,
    TODAY,
    addressee,
    hard_ones,
    legal_parts,
    letter,
    order,
    ordinary,
    part,
)

KINDS = list(TO_CUSTOMERS)
LANGUAGES = ["en", "tr"]
EVERY_ONE = [
    *(pytest.param(ordinary(kind, language), id=f"{kind}-{language}") for kind in KINDS for language in LANGUAGES),
    *(
        pytest.param(hard, id=f"hard-{language}-{number}")
        for language in LANGUAGES
        for number, hard in enumerate(hard_ones(language))
    ),
]
MONTHS = "|".join(
    dates.day_in_words(datetime.date(2026, month, 1), language).split()[1]
    for language in LANGUAGES
    for month in range(1, 13)
)
DATE = re.compile(rf"(?:\d{{1,2}}\s)?(?:{MONTHS})(?:\s\d{{4}})?")
BRIEFLY = re.compile(rf"{DATE.pattern}|\d \w{{3,4}} \d{{4}}$")  # a subject over the year's end has short months
AMOUNT = re.compile(r"[₺€$]\s?[\d.,]+")
URL = re.compile(r"https?://[^\s\"<>]+")
APOLOGY = re.compile(r"sorry|apolog|özür|üzgünüz", re.IGNORECASE)
FORBIDDEN = re.compile(
    r"inconvenience|we promise to do better|soon as possible|in \d-\d weeks|important|successfully", re.I
)


class Page(HTMLParser):
    """What a mail program sees of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def rendered(written: Letter) -> Rendered:
    return render(written, links=LINKS)


@pytest.mark.parametrize("written", EVERY_ONE)
def test_every_date_amount_and_address_of_the_html_is_in_the_text(written: Letter) -> None:
    mail = rendered(written)
    page = Page(mail.html)
    text = " ".join(mail.text.split())
    links = [str(link["href"]) for link in page.all("a")]
    facts = {*DATE.findall(page.text), *AMOUNT.findall(page.text), *URL.findall(mail.html), *links}
    assert facts
    assert {fact for fact in facts if fact not in text} == set()


@pytest.mark.parametrize("written", EVERY_ONE)
def test_the_text_says_nothing_the_html_does_not(written: Letter) -> None:
    mail = rendered(written)
    page = Page(mail.html)
    said = {*DATE.findall(" ".join(mail.text.split())), *AMOUNT.findall(mail.text)}
    assert {fact for fact in said if fact not in page.text} == set()
    assert set(URL.findall(mail.text)) == {str(link["href"]) for link in page.all("a")}


@pytest.mark.parametrize("written", EVERY_ONE)
def test_the_subject_fits_and_has_the_date(written: Letter) -> None:
    subject = rendered(written).subject
    assert 0 < len(subject) <= 60
    assert BRIEFLY.search(subject)
    assert not FORBIDDEN.search(subject)


@pytest.mark.parametrize("written", EVERY_ONE)
def test_the_words_keep_the_rules(written: Letter) -> None:
    mail = rendered(written)
    sorry = len([part for part in written.parts if part.is_sorry])
    for body in (mail.text, Page(mail.html).text):
        assert len(APOLOGY.findall(body)) == min(sorry, 1)
        assert not FORBIDDEN.search(body)
        assert "{" not in body
        assert "None" not in body


@pytest.mark.parametrize("written", EVERY_ONE)
def test_the_html_is_marked_up_as_mail_programs_need_it(written: Letter) -> None:
    html = rendered(written).html
    page = Page(html)
    assert len(html.encode()) <= 30_000
    assert page.open == []
    [root], [article], [headline] = page.all("html"), page.all("div")[:1], page.all("h1")
    assert (root["lang"], root["dir"]) == (article["lang"], article["dir"]) == (written.to.language, "ltr")
    assert article["role"] == "article"
    assert headline == {}
    assert all(table["role"] == "presentation" for table in page.all("table"))
    schemes = {meta["name"]: meta["content"] for meta in page.all("meta") if "name" in meta}
    assert schemes["color-scheme"] == schemes["supported-color-schemes"] == "light dark"
    assert not {"img", "svg", "script", "link", "form"} & {tag for tag, _ in page.tags}
    assert "url(" not in html


@pytest.mark.parametrize("written", EVERY_ONE)
def test_text_lines_are_short_unless_they_are_an_address(written: Letter) -> None:
    lines = rendered(written).text.splitlines()
    assert [line for line in lines if len(line) > 76 and "://" not in line and " " in line.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_preview_line_adds_to_the_subject(kind: str, language: str) -> None:
    mail = rendered(ordinary(kind, language))
    preview = re.search(r'<div class="pre">(.*?)</div>', mail.html)
    assert preview
    assert 40 <= len(preview[1]) <= 120
    assert mail.subject not in preview[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_links_have_distinct_words(kind: str, language: str) -> None:
    html = rendered(letter(part(kind), part(kind, number="10483", order_id=2), language=language)).html
    words = re.findall(r"<a [^>]*>([^<]*)</a>", html)
    addresses = re.findall(r'<a [^>]*href="([^"]*)"', html)
    least = 0 if kind in ("contact_code", "address_changed") else 2  # who reads there need not be the customer
    assert len(set(words)) == len(set(addresses)) >= least
    assert least or not addresses


def test_an_order_in_two_parts_has_each_button_once() -> None:
    kinds = ["no_date", "later", "alternative_offer", "confirmation", "approaching", "heartbeat"]
    mail = rendered(letter(*(part(kind) for kind in kinds)))
    addresses = re.findall(r'<a [^>]*href="([^"]*)"', mail.html)
    page = LINKS[1]
    assert sorted(addresses) == sorted([page, f"{page}alternatives/", f"{page}alternatives/", f"{page}cancel/"])
    assert mail.text.count(f"{page}cancel/") == 1
    assert mail.text.upper().count("WHAT YOU CAN DO") == 1


def test_whoever_is_asked_is_asked_though_another_notice_of_the_order_stands_before() -> None:
    notices = [each for each in legal_parts() if each.option and each.option.state in ("opt_short", "opt_long")]
    mail = rendered(letter(*notices[:2]))
    assert mail.text.count("Agree to wait (order 10482)") == 1
    assert mail.text.count("Cancel for a full refund (order 10482)") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["confirmation", "approaching", "substituted"])
def test_what_can_be_cancelled_leads_to_the_page(kind: str, language: str) -> None:
    mail = rendered(ordinary(kind, language))
    assert f"{LINKS[1]}cancel/" in mail.text
    assert f'href="{LINKS[1]}cancel/"' in mail.html


def test_turkish_letters_arrive_as_they_are() -> None:
    mail = rendered(ordinary("later", "tr"))
    assert mail.subject == "10482 numaralı siparişiniz için yeni tarih: 6–9 Ocak"
    assert "Yeni teslim tarihi: 6–9 Ocak 2027 arasında" in mail.text
    assert "Yeni teslim tarihi: 6–9 Ocak 2027 arasında" in Page(mail.html).text


def test_a_range_over_the_year_s_end_names_both_years() -> None:
    english, turkish = (rendered(hard_ones(language)[1]) for language in LANGUAGES)
    assert "28 Dec 2026 to 4 Jan 2027" in english.subject
    assert "28 Ara 2026 – 4 Oca 2027" in turkish.subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["confirmation", "later", "earlier", "answer_needed", "approaching"])
def test_no_window_is_so_wide_that_its_subject_is_cut(kind: str, language: str) -> None:
    widest = Window(datetime.date(2026, 9, 28), datetime.date(2027, 9, 28))
    subject = rendered(letter(part(kind, number="N" * 40, window=widest), language=language)).subject
    assert subject.endswith("2027")


def test_an_order_number_that_leaves_no_room_for_the_date_gives_way() -> None:
    long = letter(Part("later", [order("N" * 40, items=[Item(1, KETTLE, JANUARY)])], TODAY))
    assert rendered(long).subject == "New date for your order: 6 to 9 January"


def test_what_people_wrote_stays_text() -> None:
    bad = '<b onclick="x">{{ company }}{% now "Y" %}</b> & "Ş"'
    mail = rendered(letter(Part("later", [order(items=[Item(1, bad, JANUARY)])], TODAY), name=bad))
    assert bad in " ".join(mail.text.split())
    assert "onclick" not in {name for _, attrs in Page(mail.html).tags for name in attrs}
    assert Page(mail.html).text.count(bad) == 2


def test_names_in_other_scripts_have_their_own_direction() -> None:
    html = rendered(letter(part("later"), name="ليلى")).html
    assert '<span dir="auto">ليلى</span>' in html


def test_an_order_with_several_dates_says_which_comes_first() -> None:
    items = [Item(1, KETTLE, JANUARY), Item(1, "Descaler", DECEMBER)]
    mail = rendered(letter(Part("later", [order(items=items)], TODAY)))
    assert mail.subject == "New dates for order 10482, first 12 to 16 December"


def test_hundreds_of_orders_make_one_mail_that_can_be_read() -> None:
    mail = rendered(hard_ones("en")[-3])
    assert mail.text.count("See order") == 12
    assert "Their number: 287" in " ".join(mail.text.split())


def test_a_language_without_words_is_refused_with_its_reason() -> None:
    with pytest.raises(Unrenderable, match="zz"):
        render(Letter(addressee("zz"), [part("later")]), links=LINKS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["subject.txt", "body.txt", "body.html"])
def test_a_compiled_template_says_what_the_plain_one_says(name: str, kind: str, language: str) -> None:
    path = f"emails/{kind}/{name}"
    context = {"part": emails._words(part(kind), LINKS, language)}
    is_html = name.endswith("html")
    plain = engines["django"].engine.get_template(path)  # type: ignore[attr-defined]
    with override(language):
        expected = plain.render(Context(context, autoescape=is_html)).split()
    assert compiled(path, language).render(Context(context, autoescape=is_html)).split() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_are_different_words(kind: str) -> None:
    english, turkish = (set(rendered(ordinary(kind, language)).text.splitlines()) for language in LANGUAGES)
    assert {line for line in english & turkish if len(line.split()) > 2 and not line.startswith("* ")} == set()


def test_every_sentence_of_the_mails_is_translated() -> None:
    sources = [path.read_text() for path in Path(settings.BASE_DIR, "templates/emails").rglob("*.*")]
    plain = {found for source in sources for found in re.findall(r'{%\s*translate "([^"]*)"', source)}
    blocks = {found for source in sources for found in re.findall(r"{%\s*blocktranslate[^%]*%}(.*?){%", source)}
    sentences = plain | {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block) for block in blocks}
    assert len(sentences) > 80
    with override("tr"):
        assert [sentence for sentence in sentences if gettext(sentence) == sentence] == []
