"""PostgreSQL on this machine: the real server out of a wheel, with a small launcher of our own."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local import postgres_place
from deploy.local.errors import ProcessEndedError, StartError
from deploy.local.files import write_private
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Account, Command, Process
from deploy.local.waiting import until

ADMIN: Final = "postgres"
INITDB_TIMEOUT_S: Final = 120
QUERY_TIMEOUT_S: Final = 60
READY_TIMEOUT_S: Final = 120

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    # The log must hold no personal data: neither statements nor the values of a violated key.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "warning",
}


class Postgres:
    """One server for the launcher that works in `work`. Start, kill and start again as needed."""

    def __init__(self, work: Path, port: int) -> None:
        self.port = port
        self._work = work
        self._place = postgres_place.find(work)
        self._data = self._place.directory / "data"
        self.process = Process(self._command())

    @property
    def pg_dump(self) -> Path:
        """The program of the server's own version."""
        return self._place.programs / "pg_dump"

    @property
    def psql(self) -> Path:
        """The program of the server's own version."""
        return self._place.programs / "psql"

    @property
    def admin_dsn(self) -> str:
        """The superuser, for creating databases."""
        return self.dsn(ADMIN, ADMIN)

    def dsn(self, role: str, database: str) -> str:
        """`postgresql://role:password@host:port/database`."""
        return (
            f"postgresql://{role}:{quote(self._password(role))}@{LOOPBACK}:{self.port}/{database}"
        )

    def prepare(self) -> None:
        """Create the data directory once. Raises StartError."""
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)
            self._initdb()

    def start(self) -> None:
        """Start the process; `wait_ready` tells when it answers."""
        self.process.start()

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until it accepts connections; start it again while a crashed one is still ending.

        Raises ProcessEndedError or StartError, with the end of the server's log.
        """
        until(
            self._accepts,
            timeout_s,
            lambda: StartError(f"PostgreSQL did not answer:\n{self._tail()}"),
        )

    def create_databases(self, names: Sequence[str]) -> dict[str, str]:
        """A database and a role that alone may connect to it, per name; name → DSN."""
        for name in names:
            ensure_role(self.admin_dsn, name, self._password(name))
            ensure_database(self.admin_dsn, name, owner=name)
        return {name: self.dsn(name, name) for name in names}

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self.process.kill()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, nobody is waited for."""
        self.process.stop()

    def remove(self) -> None:
        """Delete all data of a stopped server."""
        postgres_place.remove(self._work)

    def _start_again(self) -> None:
        """After a crash the old server's children hold its memory for a moment."""
        if "shared memory" not in self._tail():
            raise ProcessEndedError(f"PostgreSQL ended:\n{self._tail()}")
        self.process.start()

    def _tail(self) -> str:
        return self.process.log_tail()

    def _command(self) -> Command:
        values = {**SETTINGS, "port": str(self.port)}
        options = (part for key, value in values.items() for part in ("-c", f"{key}={value}"))
        return Command(
            name="postgres",
            argv=(str(self._place.programs / "postgres"), "-D", str(self._data), *options),
            env=_environment(),
            cwd=self._place.directory,
            log=self._work / "logs" / "postgres.log",
            account=self._place.account,
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def _initdb(self) -> None:
        password_file = self._place.directory / "password"
        write_private(password_file, self._password(ADMIN))
        _give(password_file, self._place.account)
        try:
            self._run_initdb(password_file)
        finally:
            password_file.unlink()

    def _run_initdb(self, password_file: Path) -> None:
        account = self._place.account
        done = subprocess.run(
            (
                *(str(self._place.programs / "initdb"), "-D", str(self._data), "-U", ADMIN),
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--locale=C", "--auth=scram-sha-256", f"--pwfile={password_file}"),
            ),
            cwd=self._place.directory,
            env=_environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise StartError(f"PostgreSQL's data directory was not created:\n{done.stderr.strip()}")

    def _accepts(self) -> bool:
        if not self.process.running:
            self._start_again()
        argv = (
            str(self._place.programs / "pg_isready"),
            "-q",
            "-h",
            LOOPBACK,
            "-p",
            str(self.port),
        )
        ready = subprocess.run(argv, env=_environment(), check=False, timeout=QUERY_TIMEOUT_S)
        return ready.returncode == 0 and self.process.running

    def _password(self, role: str) -> str:
        file = self._work / "secrets" / f"postgres-{role}"
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
        return file.read_text()


def ensure_role(admin_dsn: str, name: str, password: str) -> None:
    """A role that may log in, with this password."""
    if not query(admin_dsn, "SELECT 1 FROM pg_roles WHERE rolname = :'name'", name=name):
        query(admin_dsn, 'CREATE ROLE :"name" LOGIN', name=name)
    query(admin_dsn, "ALTER ROLE :\"name\" PASSWORD :'password'", name=name, password=password)


def ensure_database(admin_dsn: str, name: str, owner: str, template: str = "template1") -> None:
    """A database of this owner, whom alone it lets in; unless it exists."""
    if query(admin_dsn, "SELECT 1 FROM pg_database WHERE datname = :'name'", name=name):
        return
    names = {"name": name, "owner": owner, "template": template}
    query(admin_dsn, 'CREATE DATABASE :"name" OWNER :"owner" TEMPLATE :"template"', **names)
    query(admin_dsn, 'REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC', name=name)


def drop_role(admin_dsn: str, name: str) -> None:
    """Drop a role that owns nothing any more."""
    query(admin_dsn, 'DROP ROLE IF EXISTS :"name"', name=name)


def drop_database(admin_dsn: str, name: str) -> None:
    """Drop it and cut the connections to it."""
    query(admin_dsn, 'DROP DATABASE IF EXISTS :"name" WITH (FORCE)', name=name)


def query(dsn: str, statement: str, **values: str) -> str:
    """Run one statement through psql; the rows as text, columns separated by `|`.

    `:'x'` and `:"x"` in the statement stand for a value as literal and as identifier.
    Raises StartError with the server's message.
    """
    script = "".join(f"\\set {name} '{_quoted(value)}'\n" for name, value in values.items())
    done = subprocess.run(
        [
            *(str(postgres_place.installed_programs() / "psql"), "-XqAt"),
            *("-v", "ON_ERROR_STOP=1", "-d", without_password(dsn)),
        ],
        input=script + statement,
        env={**_environment(), "PGPASSWORD": urlsplit(dsn).password or ""},
        capture_output=True,
        text=True,
        timeout=QUERY_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"PostgreSQL refused a statement: {done.stderr.strip()}")
    return done.stdout.strip()


def _quoted(value: str) -> str:
    """Inside single quotes of a psql command; on standard input, where no other user sees it."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def sibling_dsn(dsn: str, role: str, password: str, database: str) -> str:
    """Another role and database of the same server."""
    parts = urlsplit(dsn)
    server = f"{role}:{quote(password)}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=server, path=f"/{database}"))


def without_password(dsn: str) -> str:
    """The DSN for a command line, which other users may see."""
    parts = urlsplit(dsn)
    server = f"{parts.username}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=server))


def _give(file: Path, account: Account | None) -> None:
    if account:
        os.chown(file, account.uid, account.gid)


def _environment() -> dict[str, str]:
    """English messages, and none of the person's own PG… variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
