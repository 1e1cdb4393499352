"""Every act a change set can name has its words on the screens."""

import re
from pathlib import Path

from django.conf import settings

from backorders.changes.acts import NAMES

VERB = re.compile(r'(?:open_change|_change|_flag|_done)\(\s*(?:[\w.]+,\s*)?"(\w+)"')


def test_every_act_has_a_name() -> None:
    code = "".join(path.read_text() for path in (Path(settings.BASE_DIR) / "backorders/actions").glob("*.py"))
    acts = set(VERB.findall(code))
    assert len(acts) > 15
    assert acts <= NAMES.keys()
