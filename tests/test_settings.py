"""The environment in, safe defaults out; and logs that say nothing about anybody."""

import logging
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.logs import Discreet

PRODUCTION = {"SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "https://shop.example"}


def manage(var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as a stranger would: in an empty folder, with nothing but this environment."""
    surroundings = {"PATH": os.environ["PATH"], "BACKORDERS_VAR": str(var), **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=surroundings, capture_output=True, text=True, check=False)


def test_production_passes_djangos_own_checks(tmp_path: Path) -> None:
    checked = manage(
        tmp_path, "check", "--deploy", "--fail-level", "WARNING", ANYMAIL_WEBHOOK_SECRET="us:them", **PRODUCTION
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("environment", "asks_for"),
    [({"PRODUCTION": "1"}, "Set SECRET_KEY"), ({"SECRET_KEY": PRODUCTION["SECRET_KEY"]}, "Set SITE_URL")],
)
def test_production_does_not_start_without(tmp_path: Path, environment: dict[str, str], asks_for: str) -> None:
    refused = manage(tmp_path, "check", **environment)
    assert refused.returncode != 0
    assert asks_for in refused.stderr


def test_a_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    show = ("shell", "-v", "0", "-c", "from django.conf import settings; print(settings.SECRET_KEY)")
    first, second = manage(tmp_path, *show).stdout, manage(tmp_path, *show).stdout
    assert first == second
    assert len(first) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_providers_credentials_come_from_the_environment(tmp_path: Path) -> None:
    show = ("shell", "-v", "0", "-c", "from django.conf import settings; print(settings.ANYMAIL['RESEND_API_KEY'])")
    assert manage(tmp_path, *show, ANYMAIL_RESEND_API_KEY="re_1").stdout == "re_1\n"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("550 no mailbox <elif.yılmaz+a@posta.example.com>", "550 no mailbox <(address)>"),
        ("Not Found: /o/pQ7_xK2-mmN81aa/", "Not Found: /o/…/"),
        ("cannot reach redis://:hunter2@cache:6379/0", "cannot reach redis://…@cache:6379/0"),
        ("worker backorders-8000@host is ready", "worker backorders-8000@host is ready"),
    ],
)
def test_logs_name_nobody(said: str, logged: str) -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, said, (), None)
    assert Discreet("{message}", style="{").format(record) == logged


def test_a_traceback_names_nobody_either() -> None:
    try:
        raise ValueError("elif@posta.example.com")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), sys.exc_info())
    entry = Discreet("{message}", style="{").format(record)
    assert "ValueError: (address)" in entry
    assert "elif" not in entry
