"""`python -m deploy.local.schemas [--write]`checks what the migrations make.

For each service: migrate an empty database, let Alembic compare it with the tables that the code
declares, and compare its dump with `services/<service>/schema.sql`. Alembic alone sees neither a
missing CHECK nor a wrong predicate of a partial index.
"""

import difflib
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from alembic import command
from alembic.util.exc import CommandError

from deploy.local import postgres
from deploy.local.errors import StartError
from deploy.local.files import CHECKOUT
from deploy.local.ports import free
from deploy.local.programs import SERVICES
from shared import migrations

TIMEOUT_S: Final = 60
# What a dump tells about its own making: comments, session settings, psql's one-time keys.
NOISE: Final = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)?$")


def main(*, write: bool) -> int:
    """1 when a service's tables are not those that its code and its schema.sql say."""
    migrated = [each for each in SERVICES if (_folder(each) / "migrations").is_dir()]
    with tempfile.TemporaryDirectory(prefix="redress-schemas-") as work, ExitStack() as undo:
        server = _started(Path(work), undo)
        dsns = server.create_databases(migrated)
        faults = [
            fault for each in migrated for fault in _faults(server, each, dsns[each], write=write)
        ]
    print("\n".join(faults))
    return 1 if faults else 0


def dump(pg_dump: Path, dsn: str) -> str:
    """The tables of a database as SQL, the same for the same tables."""
    done = subprocess.run(
        [pg_dump, "-s", "--no-owner", "--no-privileges", "-d", postgres.without_password(dsn)],
        env={"PGPASSWORD": urlsplit(dsn).password or ""},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return normalised(done.stdout)


def normalised(sql: str) -> str:
    """Without comments and settings; statements apart by one empty line."""
    kept = "\n".join("" if NOISE.match(line) else line for line in sql.splitlines())
    return re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def _started(work: Path, undo: ExitStack) -> postgres.Postgres:
    (port,) = free(1)
    server = postgres.Postgres(work, port)
    undo.callback(server.remove)
    server.prepare()
    undo.callback(server.stop)
    server.start()
    server.wait_ready()
    return server


def _faults(server: postgres.Postgres, service: str, dsn: str, *, write: bool) -> list[str]:
    migrations.upgrade(service, dsn)
    found = dump(server.pg_dump, dsn)
    committed = _folder(service) / "schema.sql"
    if write:
        committed.write_text(found)
    return [*_undeclared(service, dsn), *_differences(committed, found)]


def _undeclared(service: str, dsn: str) -> list[str]:
    try:
        command.check(migrations.config(service, dsn))
    except CommandError as difference:
        return [f"{service}: {difference}"]
    return []


def _differences(committed: Path, found: str) -> list[str]:
    before = committed.read_text() if committed.exists() else ""
    name = str(committed.relative_to(CHECKOUT))
    lines = difflib.unified_diff(
        before.splitlines(), found.splitlines(), name, "after the migrations", lineterm="", n=2
    )
    return list(lines)


def _folder(service: str) -> Path:
    return CHECKOUT / "services" / service


if __name__ == "__main__":
    try:
        sys.exit(main(write="--write" in sys.argv[1:]))
    except StartError as reason:
        sys.exit(str(reason))
