"""Where profiles lie: the operator's own folder first, then those that come with Redress.

`NAME.toml` is the newest version; one that was in use before is kept as `archive/NAME@N.toml`, so
that a dispute finds the rules it was opened under.
"""

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent
SHIPPED: Final = _HERE.parent  # shared/rules, shared/wallets
FOLDERS: Final = {"rules": SHIPPED / "rules" / "profiles", "wallets": SHIPPED / "wallets"}
_own: list[Path] = []
_caches: list[Callable[[], None]] = []


class BadProfile(ValueError):
    """A profile file has something wrong in it; says file, key and remedy."""


def look_in(folder: Path | None) -> None:
    """Search this folder's `rules/`, `wallets/` and `calendars.toml` before those shipped.

    Raises:
        BadProfile: it is no folder.

    """
    if folder is not None and not folder.is_dir():
        raise BadProfile(f"REDRESS_PROFILES: {folder} is no folder; name one, or leave it unset")
    _own[:] = [folder] if folder else []
    for forget in _caches:
        forget()


def forgotten_with(forget: Callable[[], None]) -> None:
    """Have `forget` called when the folders change: what was read may lie elsewhere then."""
    _caches.append(forget)


def find(folder: str, name: str, version: int | None = None) -> Path | None:
    """The file of `name` in `rules` or `wallets`; None where there is none of that version."""
    for place in _places(folder):
        newest = place / f"{name}.toml"
        if newest.exists() and (version is None or toml(newest).get("version") == version):
            return newest
        kept = place / "archive" / f"{name}@{version}.toml"
        if version is not None and kept.exists():
            return kept
    return None


def installed(folder: str) -> list[str]:
    """Names in `rules` or `wallets`, sorted."""
    return sorted({path.stem for place in _places(folder) for path in place.glob("*.toml")})


def own(name: str) -> Path | None:
    """A file of the operator's folder itself."""
    found = [folder / name for folder in _own if (folder / name).exists()]
    return found[0] if found else None


def toml(path: Path) -> dict[str, Any]:
    """A file's tables.

    Raises:
        BadProfile: it cannot be read, is not UTF-8 or not TOML.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadProfile(f"{path.name}: {error.strerror}; name a file that can be read") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise BadProfile(f"{path.name}: {error}; write it as TOML in UTF-8") from None


def _places(folder: str) -> Iterable[Path]:
    yield from (place / folder for place in _own)
    yield FOLDERS[folder]
