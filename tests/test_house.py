"""The house stands as its plan says: imports, migrations, names, tasks, dependencies."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog, mofile, pofile
from django.conf import settings
from django.core.management import call_command

from config.celery import app

ROOT = Path(settings.BASE_DIR)
CODE = sorted((ROOT / "backorders").rglob("*.py"))
SENTENCES = sorted(path for top in ("backorders", "locale") for path in (ROOT / top).rglob("*.po"))
TOOLBOX_NAMES = {"utils", "helpers", "services", "managers", "common", "core", "misc"}
ACROSS = {"browser", "faults", "harness", "journeys", "races"}  # tests of no one room


def sentences(catalog: Catalog) -> set[tuple[str, ...]]:
    """What a catalog really translates, and how: every form of the original, then of the translation."""
    translated = (message for message in catalog if message.id and any(message.string))
    return {(*forms(message.id), *forms(message.string)) for message in translated}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """One form, or one for each number."""
    return (text,) if isinstance(text, str) else tuple(text)


def test_imports_go_down_only() -> None:
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_imports_to_dodge_a_circle(path: Path) -> None:
    tree = ast.parse(path.read_text())
    inside = [
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside, [ast.unparse(node) for node in inside]


def test_no_module_is_a_toolbox() -> None:
    assert not [path for path in CODE if TOOLBOX_NAMES & {path.stem, path.parent.name}]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_its_rule(path: Path) -> None:
    if path.stat().st_size and "migrations" not in path.parts and path.name not in ("apps.py", "__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), "the module has no docstring"


def test_the_tests_mirror_the_code() -> None:
    tests = ROOT / "tests"
    rooms = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    strangers = {room for room in rooms if room.parts and room.parts[0] not in ACROSS}
    assert not {room for room in strangers if not (ROOT / "backorders" / room).is_dir()}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_clock_calls_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= app.tasks.keys()


@pytest.mark.parametrize("source", SENTENCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_translations_are_compiled_as_they_are_written(source: Path) -> None:
    with source.open("rb") as written, source.with_suffix(".mo").open("rb") as compiled:
        assert sentences(pofile.read_po(written)) == sentences(mofile.read_mo(compiled)), "run `make messages`"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-amazon.txt"])
def test_every_dependency_is_pinned_and_says_why(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r"))]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w.\[\],-]+==[\w.]+\s+# \S.+", line), line


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-amazon"])
def test_the_lock_pins_what_the_requirements_ask_for(name: str) -> None:
    locked = (ROOT / f"{name}.lock").read_text().lower()
    for line in (ROOT / f"{name}.txt").read_text().splitlines():
        if wanted := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", line):
            assert f"\n{wanted[1].lower()}=={wanted[2]} \\" in locked, line
