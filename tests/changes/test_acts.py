"""Every act a change set can name has its words on the screens."""

import re
from pathlib import Path

from django.conf import settings

from backorders.access.table import CAPABILITIES
from backorders.actions.ways_back import NO_WAY, WAYS
from backorders.changes.acts import NAMES

VERB = re.compile(r'(?:open_change|_change|_flag|_done|_opened)\(\s*(?:[\w.]+,\s*)?"(\w+)"')


def test_every_act_has_a_name() -> None:
    code = "".join(path.read_text() for path in (Path(settings.BASE_DIR) / "backorders/actions").glob("*.py"))
    acts = set(VERB.findall(code))
    assert len(acts) > 15
    assert acts <= NAMES.keys()


def test_every_act_has_a_way_back_or_says_why_it_has_none() -> None:
    assert WAYS.keys() | NO_WAY.keys() == NAMES.keys()
    assert not WAYS.keys() & NO_WAY.keys()
    assert all(str(instead).endswith(".") for instead in NO_WAY.values())


def test_every_way_back_is_of_a_verb_that_is_allowed_to_somebody() -> None:
    assert {way.verb for way in WAYS.values()} <= CAPABILITIES.keys()
