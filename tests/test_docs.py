"""What the docs say of the tree is there: every file they name, and every name they say is in a file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
ROOMS = [ROOT, *(ROOT / room for room in ("backorders", "templates", "tests", "docs"))]
FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|js|css|html|md|txt|toml|json))`")
FOLDER = re.compile(r"`((?:[\w-]+/)+)`")
WRITTEN_LATER = "var/"  # by the product, beside the tree
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")
NAMED_IN = re.compile(r"`(\w+)`(?: \(`\w+`\))? in `((?:\w+/)+\w+\.py)`")


def all_files() -> set[str]:
    rooms = ("backorders", "templates", "static", "tests", "config", "bench")
    return {path.name for room in rooms for path in (ROOT / room).rglob("*") if path.is_file()}


def is_there(path: str) -> bool:
    return any((room / path).exists() for room in ROOMS)


def named() -> Iterator[tuple[str, str]]:
    """(page, file or folder) of everything in code marks that looks like a path; a name alone stands for a file of the
    folder that the sentence is about."""
    known = all_files()
    for page in PAGES:
        text = page.read_text()
        folders = FOLDER.findall(text) if page.name in ("house.md", "CONTRIBUTING.md") else []  # elsewhere: addresses
        for found in {*FILE.findall(text), *folders}:
            if not found.startswith(WRITTEN_LATER) and ("/" in found or found not in known):
                yield page.name, found


def test_every_path_in_the_docs_is_there() -> None:
    asked = list(named())
    assert len(asked) > 100
    assert not [(page, path) for page, path in asked if not is_there(path)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_to_a_file(page: Path) -> None:
    assert not [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]


def test_what_is_said_to_be_in_a_module_is_in_it() -> None:
    asked = [(name, path) for page in PAGES for name, path in NAMED_IN.findall(page.read_text())]
    assert len(asked) > 3
    gone = [
        (name, path)
        for name, path in asked
        if not re.search(rf"^(?:def|class) {name}\b|^{name}\b", (ROOT / "backorders" / path).read_text(), re.M)
    ]
    assert not gone


def test_every_module_has_its_place_in_the_house() -> None:
    named = set(re.findall(r"\w+", (ROOT / "docs" / "house.md").read_text()))
    by_pattern = {"admin", "commands", "formats", "forms", "migrations", "models", "views"}
    by_name = {"__init__", "apps", "models", "supplier_urls", "tasks", "urls", "words"}
    modules = [path for path in (ROOT / "backorders").rglob("*.py") if path.stem not in by_name]
    modules = [path for path in modules if not by_pattern.intersection(path.parts)]
    assert len(modules) > 200
    assert not sorted(str(path.relative_to(ROOT)) for path in modules if path.stem not in named)
