"""Scripts as production sends them."""

import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

from config.scripts import OURS


def test_our_scripts_are_collected_without_their_comments_under_the_name_of_what_is_sent(
    settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.scripts.SmallScriptsStorage"}}
    written = settings.STATICFILES_DIRS[0] / OURS
    for again in range(2):  # the second time most files lie there already
        call_command("collectstatic", interactive=False, verbosity=0)
        named = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
        for script in written.glob("*.js"):
            sent = (tmp_path / named[f"{OURS}{script.name}"]).read_text()
            assert "// " not in sent.replace("://", ""), (script, again)
            assert 0 < len(sent) < len(script.read_text())
        assert len(list(tmp_path.glob(f"{OURS}receive.*.js"))) == 1
