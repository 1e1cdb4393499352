"""Who is at a place is named to the others there, for as long as a sign of life lasts."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from backorders.desk.presence import EVERY, GONE, leave, others_at
from tests.factories import AT
from tests.harness.smtp import free_port

AYSE, SAMI, ELIF = (
    User(pk=pk, username=name, first_name=first)
    for pk, (name, first) in enumerate([("ayse", "Ayşe"), ("sami", ""), ("elif", "Elif")], 1)
)
A_PROCESS = """
from django.contrib.auth.models import User
from django.utils import timezone
from backorders.desk.presence import leave, others_at
print(others_at("dock", by=User(pk=1), at=timezone.now()), leave("dock", by=User(pk=1)))
"""


@pytest.fixture
def dock(request: pytest.FixtureRequest) -> str:
    return request.node.nodeid


def later(seconds: int) -> datetime.datetime:
    return AT + datetime.timedelta(seconds=seconds)


def test_the_others_are_named_by_name_and_nobody_to_themselves(dock: str) -> None:
    assert others_at(dock, by=SAMI, at=AT) == []
    assert others_at(dock, by=AYSE, at=AT) == ["sami"]
    assert others_at(dock, by=ELIF, at=later(1)) == ["Ayşe", "sami"]
    assert others_at(dock, by=SAMI, at=later(EVERY)) == ["Ayşe", "Elif"]
    assert others_at(dock + "elsewhere", by=SAMI, at=AT) == []


def test_without_a_sign_of_life_nobody_is_there(dock: str) -> None:
    others_at(dock, by=SAMI, at=AT)
    assert others_at(dock, by=AYSE, at=later(GONE - 1)) == ["sami"]
    assert others_at(dock, by=AYSE, at=later(GONE)) == []


def test_who_leaves_is_not_named_and_the_others_still_are(dock: str) -> None:
    for person in (SAMI, AYSE):
        others_at(dock, by=person, at=AT)
    leave(dock, by=AYSE)
    leave(dock, by=AYSE)
    assert others_at(dock, by=ELIF, at=AT) == ["sami"]


def test_while_the_broker_is_away_nobody_is_named_and_nothing_breaks(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    environment = {"PATH": os.environ["PATH"], "BACKORDERS_VAR": str(tmp_path), "REDIS_URL": url}
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", A_PROCESS]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] None"
