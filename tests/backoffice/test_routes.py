"""R31: what every kind of person is answered on every route is written down, and is so.

A new route, or a changed answer, fails here until docs/routes.md says it: `WRITE_ROUTES=1 pytest` on this file writes
the table anew, for a person to read.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.response import SimpleTemplateResponse
from django.utils import translation

from tests.backoffice.desk import World
from tests.backoffice.routes import METHODS, PRINCIPALS, answer, clients, routes, things

TABLE = Path(settings.BASE_DIR) / "docs/routes.md"
HEAD = f"""# Who is answered what, on every route

One row for each route and method; 200 shows it, 302 leads on, `login` asks who is there, 401 asks it and keeps what
was sent, 403 says which role may, 404 and 405 are for what is not there, 409 and 422 are forms that were refused:
whoever gets those may do it. Written by `tests/backoffice/test_routes.py`, which fails where the product answers
anything else.

| route | method | {" | ".join(PRINCIPALS)} |
|---|---|{"---|" * len(PRINCIPALS)}
"""


LET_THROUGH = ("302", "409", "422")


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are shown elsewhere; here only the answer counts, and thousands are asked for."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")


def table() -> list[str]:
    """One row of the table for each route and method."""
    known = things(World())
    people = clients()
    rows = []
    for route in routes(known):
        for method in METHODS:
            answers = [answer(people[who], method, route.address) for who in PRINCIPALS]
            rows.append(f"| {route.name or route.pattern or '/'} | {method} | {' | '.join(answers)} |")
    translation.deactivate()
    return rows


@pytest.mark.long
@pytest.mark.usefixtures("frozen", "db", "unrendered")
def test_everybody_is_answered_as_it_is_written_down() -> None:
    found = table()
    if os.environ.get("WRITE_ROUTES"):
        TABLE.write_text(HEAD + "\n".join(found) + "\n")
    written = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    assert found == written, "look at each difference, then write the table anew"


def rows() -> list[tuple[str, str, dict[str, Any]]]:
    lines = [line.strip("| ").split(" | ") for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    return [(name, method, dict(zip(PRINCIPALS, answers, strict=True))) for name, method, *answers in lines]


def test_nobody_unknown_sees_more_than_the_login_and_the_customers_page() -> None:
    shown = {(name, method) for name, method, answers in rows() if answers["anonymous"] in ("200", "422", "409")}
    assert shown == {
        ("admin:login", "GET"),
        ("admin:login", "POST"),
    }


def test_the_auditor_is_never_let_through_a_form() -> None:
    own = {"admin:language", "admin:logout", "admin:login", "admin:password_change", "admin:mark_notices"}
    own |= {"admin:ask_for_access", "admin:preferences", "admin:save_view", "admin:delete_view", "/", "admin:"}
    own |= {"admin:keep_columns"}
    own |= {f"admin:follow_{thing}" for thing in ("order", "product", "purchase_order", "view")}
    done = {name for name, method, answers in rows() if method == "POST" and answers["auditor"] in LET_THROUGH}
    assert {name for name in done if not name.endswith("_history")} <= own  # of what has none one is led home
