"""Every word of the pages behind links is there in Turkish."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template.base import Lexer, TokenType
from django.test import Client

from tests.backoffice.test_turkish import CATALOG as DESK
from tests.backoffice.test_turkish import SPEAKING, block
from tests.portal.desk import Waiter, text_of

ROOT = Path(settings.BASE_DIR)
CATALOG = ROOT / "locale/tr/LC_MESSAGES/django.po"


def said_in_templates() -> Iterator[str]:
    for path in sorted((ROOT / "templates/portal").glob("*.html")):
        tokens = iter(Lexer(path.read_text()).tokenize())
        for token in tokens:
            if token.token_type != TokenType.BLOCK:
                continue
            if simple := re.match(r'translate "(.*?)"', token.contents):
                yield simple[1]
            elif token.contents.startswith("blocktranslate"):
                yield block(token, tokens)


def said_in_code() -> Iterator[str]:
    for path in sorted((ROOT / "backorders/portal").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in {*SPEAKING, "gettext_noop"} and isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_word_of_the_page_is_translated() -> None:
    known: dict[str, object] = {}
    for path in (CATALOG, DESK):  # both are loaded; what suppliers read stands with the words of the desk
        with path.open("rb") as file:
            catalog = read_po(file, locale="tr")
        known |= {m.id[0] if isinstance(m.id, tuple) else m.id: m.string for m in catalog}
    missing = sorted(word for word in {*said_in_code(), *said_in_templates()} if not known.get(word))
    assert not missing, missing


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["", "cancel/", "alternatives/", "ready/", "contact/"])
def test_both_languages_are_different_words(client: Client, page: str) -> None:
    waiter = Waiter()
    english, turkish = (
        set(re.split(r"[.:·?]", text_of(client.get(waiter.path + page, {"lang": language}))))
        for language in ("en", "tr")
    )
    names = {"Aria Kettle", "Nova Kettle", "Descaler"}
    same = {words.strip() for words in english & turkish if len(words.split()) > 1}
    assert {words for words in same if not any(name in words for name in names)} == set()
