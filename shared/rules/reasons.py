"""The reasons of each kind as a profile amends them: some hidden, some of its own. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.contracts.vocabulary import REASONS, Kind
from shared.rules.files import BadProfile

Pair = tuple[str, str]
Reasons = Mapping[Kind, Mapping[str, Pair]]

STANDARD: Final[Reasons] = REASONS
_LONGEST: Final = 64  # of a code and of its words; no digits: they could be personal
_CODE: Final = re.compile(rf"[a-z][a-z_]{{0,{_LONGEST - 1}}}")
_PAIR: Final = 2


def amended(file: str, raw: Any, base: Reasons) -> Reasons:
    """The reasons of `base` after a profile's `[reasons.<kind>]` tables: `hide`, then `add`.

    Raises:
        BadProfile: file, key and remedy.

    """
    if not isinstance(raw, dict):
        raise BadProfile(f"{file}, reasons: not a table; write [reasons.<kind>]")
    return dict(base) | {
        (kind := _kind(file, key)): _of_kind(f"{file}, reasons.{key}", table, base[kind])
        for key, table in raw.items()
    }


def _kind(file: str, key: str) -> Kind:
    if key not in set(Kind):
        raise BadProfile(f"{file}, reasons.{key}: no such kind; use one of: {', '.join(Kind)}")
    return Kind(key)


def _of_kind(where: str, table: Any, base: Mapping[str, Pair]) -> dict[str, Pair]:
    if not isinstance(table, dict) or (unknown := set(table) - {"hide", "add"}):
        named = ", ".join(sorted(unknown)) if isinstance(table, dict) else "not a table"
        raise BadProfile(f"{where}: {named}; give `hide` (a list) and `add` (a table)")
    hidden = _hidden(f"{where}.hide", table.get("hide", []), base)
    kept = {code: pair for code, pair in base.items() if code not in hidden}
    found = kept | _added(f"{where}.add", table.get("add", {}), base)
    if not found:
        raise BadProfile(f"{where}: no reason is left; keep one, or add one")
    return found


def _hidden(where: str, codes: Any, base: Mapping[str, Pair]) -> set[str]:
    if not isinstance(codes, list):
        raise BadProfile(f'{where}: not a list; write hide = ["code"]')
    for code in codes:
        if not isinstance(code, str) or code not in base:
            raise BadProfile(f"{where}: {code!r} is no reason; use any of: {', '.join(base)}")
    return set(codes)


def _added(where: str, table: Any, base: Mapping[str, Pair]) -> dict[str, Pair]:
    if not isinstance(table, dict):
        raise BadProfile(f'{where}: not a table; write code = ["中文", "English"]')
    return {code: _pair(f"{where}.{code}", code, words, base) for code, words in table.items()}


def _pair(where: str, code: str, words: Any, base: Mapping[str, Pair]) -> Pair:
    if not _CODE.fullmatch(code):
        raise BadProfile(f"{where}: use 1 to {_LONGEST} of a-z and _ for the code")
    if code in base:
        raise BadProfile(f"{where}: exists already; use another code")
    if not isinstance(words, list) or len(words) != _PAIR or not all(map(_is_text, words)):
        raise BadProfile(
            f'{where}: give its words as ["中文", "English"], each of 1 to {_LONGEST} characters'
        )
    chinese, english = words
    return chinese, english


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text.strip()) <= len(text) <= _LONGEST
