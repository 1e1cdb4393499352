"""Scripts as production sends them: without the comments and the spaces that they are written with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = "backoffice/"


def as_sent(script: str) -> str:
    """Return a script that does the same and weighs less."""
    return str(jsmin(script))


class SmallScriptsStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Static files, compressed and hashed, our scripts without what only their readers need."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Make our scripts small before their names are made of what they hold."""
        for name in [each for each in paths if each.startswith(OURS) and each.endswith(".js") and not dry_run]:
            source, path = paths[name]
            with source.open(path) as file:
                script = file.read().decode()
            Path(self.path(name)).write_text(as_sent(script))
            paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)
