"""Every word of the desk is there in Turkish: the templates', the code's with its refusals, and the models'."""

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.template.base import Lexer, Token, TokenType
from django.test import Client
from django.utils.translation import gettext, ngettext, override

from backorders.backoffice.speaking import model_words
from backorders.orders.models import OrderLine
from tests.backoffice.desk import World, address, text

ROOT = Path(settings.BASE_DIR)
CATALOG = ROOT / "backorders/backoffice/locale/tr/LC_MESSAGES/django.po"
SPEAKING = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
MAILS = "notifications"  # what is said to customers has a catalog of its own; refusals there are said by `_`


def said_in_code() -> Iterator[str]:
    desk = (path for path in (ROOT / "backorders").rglob("*.py") if "portal" not in path.parts)  # see tests/portal
    for path in sorted(desk):
        speaking = {"_"} if MAILS in path.parts else SPEAKING
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in speaking:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def said_in_templates() -> Iterator[str]:
    templates = ROOT / "templates"
    folders = [templates / name for name in ("admin", "backoffice", "backorders")]
    for path in [*templates.glob("*.html"), *(path for folder in folders for path in folder.rglob("*.html"))]:
        tokens = iter(Lexer(path.read_text()).tokenize())
        for token in tokens:
            if token.token_type != TokenType.BLOCK:
                continue
            if simple := re.match(r'translate "(.*?)"', token.contents):
                yield simple[1]
            elif token.contents.startswith("blocktranslate"):
                yield block(token, tokens)


def block(opening: Token, tokens: Iterator[Token]) -> str:
    """The first form of a blocktranslate as its key."""
    key, is_first = "", True
    for token in tokens:
        if token.token_type == TokenType.BLOCK and token.contents == "endblocktranslate":
            break
        if token.token_type == TokenType.BLOCK:
            is_first = False
        elif is_first:
            key += f"%({token.contents})s" if token.token_type == TokenType.VAR else token.contents.replace("%", "%%")
    return " ".join(line.strip() for line in key.strip().splitlines()) if "trimmed" in opening.contents else key


def said() -> set[str]:
    return {*said_in_code(), *said_in_templates(), *model_words()}


def test_every_word_is_translated() -> None:
    with CATALOG.open("rb") as file:
        catalog = read_po(file, locale="tr")
    known = {message.id[0] if isinstance(message.id, tuple) else message.id: message.string for message in catalog}
    missing = sorted(word for word in said() if not known.get(word))
    assert not missing, missing
    empty = [key for key, value in known.items() if key and not (all(value) if isinstance(value, tuple) else value)]
    assert not empty, empty


def test_the_compiled_catalog_is_the_one_that_is_written() -> None:
    with CATALOG.open("rb") as file:
        written = {message.id: message.string for message in read_po(file, locale="tr") if isinstance(message.id, str)}
    with CATALOG.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    written.pop("")
    assert {key: compiled.gettext(key) for key in written} == written


def test_placeholders_survive_translation() -> None:
    with CATALOG.open("rb") as file:
        for message in read_po(file, locale="tr"):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = set(re.findall(r"%\(\w+\)s", ids[-1]))
            for string in strings if message.id else ():
                assert set(re.findall(r"%\(\w+\)s", string)) <= wanted, ids
                assert wanted - set(re.findall(r"%\(\w+\)s", string)) <= {"%(count)s"}, ids


def test_models_speak_the_readers_language() -> None:
    line = apps.get_model("orders", "orderline")
    with override("tr"):
        assert str(line._meta.verbose_name) == "sipariş satırı"
        assert gettext("Waiting lines") == "Bekleyen satırlar"
        assert ngettext("line later", "lines later", 2) == "satır gecikir"
    with override("en"):
        assert str(line._meta.verbose_name) == "order line"


@pytest.mark.parametrize("name", ["waiting_lines", "outbox", "calls", "index", "records", "place_order"])
def test_pages_come_in_turkish(desk: Client, name: str) -> None:
    World()
    desk.post(address("language"), {"language": "tr", "next": "/"})
    response = desk.get(address(name))
    assert '<html lang="tr"' in response.content.decode()
    assert "Bekleyen satırlar" in text(response)


PLACES = ("waiting_lines", "outbox", "preferences", "place_order", "purchase_orders", "expected", "policies", "audit")


@pytest.mark.parametrize("name", PLACES)
def test_what_can_be_chosen_and_downloaded_is_said_in_turkish(desk: Client, name: str) -> None:
    World()
    OrderLine.objects.update(cause=OrderLine.Cause.SUPPLY)
    desk.post(address("language"), {"language": "tr", "next": "/"})
    pages = [desk.get(address(name))]
    if name == "waiting_lines":
        pages += [desk.get(f"{address(name)}?view=all"), desk.get(f"{address('export_lines', 'csv')}?view=all")]
    with override("en"):
        english = [word.lower() for word in model_words() if " " in word]
    for page in pages:
        said = (b"".join(page.streaming_content) if page.streaming else page.content).decode().lower()
        assert [word for word in english if word in said] == [], page.request["PATH_INFO"]


def test_the_stock_admins_words_stay_its_own() -> None:
    with override("tr"):
        assert str(User._meta.verbose_name) == "kullanıcı"
