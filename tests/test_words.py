"""Every translation has a reader: a word that no page, mail, refusal or model says any more leaves its catalog."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template.base import Lexer, TokenType

from backorders.backoffice.speaking import model_words
from tests.backoffice.test_turkish import CATALOG as DESK
from tests.backoffice.test_turkish import SPEAKING, block
from tests.portal.test_turkish import CATALOG as CUSTOMERS

ROOT = Path(settings.BASE_DIR)
READING = {*SPEAKING, "gettext_noop"}


def said_in_code() -> Iterator[str]:
    for path in (ROOT / "backorders").rglob("*.py"):
        if {"locale", "migrations"}.intersection(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in READING:
                first = node.args[0] if node.args else None
                yield from (str(first.value),) if isinstance(first, ast.Constant) else ()


def said_in_templates() -> Iterator[str]:
    for path in (path for kind in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{kind}")):
        tokens = iter(Lexer(path.read_text()).tokenize())
        for token in tokens:
            if token.token_type == TokenType.BLOCK and token.contents.startswith("blocktranslate"):
                yield block(token, tokens)
            elif token.token_type != TokenType.TEXT:
                yield from re.findall(r'(?:translate |_\()"(.*?)"', token.contents)


@pytest.mark.parametrize("catalog", [DESK, CUSTOMERS], ids=["desk", "customers"])
def test_every_translation_has_a_reader(catalog: Path) -> None:
    with catalog.open("rb") as file:
        known = {message.id[0] if isinstance(message.id, tuple) else message.id for message in read_po(file)}
    unread = sorted(known - {""} - {*said_in_code(), *said_in_templates(), *model_words()})
    assert not unread, unread
