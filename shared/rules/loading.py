"""Reads rule profiles: TOML in, `Profile` out; what is wrong is said by file, key and remedy."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.rules import calendars, files
from shared.rules.files import BadProfile
from shared.rules.profile import Contract, LateCompensation, Profile, Rule, Unit
from shared.rules.reasons import STANDARD, amended
from shared.rules.words import BASES, STANDINGS, STARTS, STOPS

_COMPLETE: Final = "default"  # has every rule that is asked for
_LIMITS: Final = ("four_eyes_above", "compensation_cap")
_EXACT: Final = (Unit.SECOND, Unit.HOUR)
_IN_DAYS_TOO: Final = frozenset(  # of those that the default profile counts in hours
    ("promise_access_lost", "inquiry_due", "merchant_answer", "escalation", "merchant_confirm")
) | {"confirmation_due", "hold_length", "identity_due"}
_LONGEST_SOURCE: Final = 200  # what an event may hold
_ROW: Final = frozenset(
    ("value", "unit", "starts", "stops", "source", "standing", "basis", "calendar")
)
_NEEDED: Final = ("value", "unit", "starts", "stops", "source", "standing")
_TABLES: Final = frozenset(
    ("version", "calendar", "zone", "inherits", "defaults", "rules", "contracts", "amounts")
) | {"reasons", "late_compensation", "self_custody"}


@cache
def load(name: str, version: int | None = None) -> Profile:
    """A profile by its name, in its newest version or in one that was in use before.

    It may inherit from another and override rows.

    Raises:
        BadProfile: file, key and remedy.

    """
    path = files.find("rules", name, version)
    if path is None:
        known = files.installed("rules")
        if version is not None and name in known:
            newest = load(name).version
            raise BadProfile(
                f"REDRESS_PROFILE: {name} has no version {version}; its newest is {newest}, and "
                f"an earlier one lies in archive/{name}@N.toml"
            )
        wanted = name if version is None else f"{name}@{version}"
        raise BadProfile(f"REDRESS_PROFILE: no profile {wanted!r}; use one of: {', '.join(known)}")
    profile = _read(path)
    if version not in (None, profile.version):
        raise BadProfile(f"{path.name}, version {profile.version}: its name says {version}; agree")
    return profile


@cache
def opened_under(name: str, version: int) -> Profile:
    """The rules that a dispute was opened under; the newest where that version was not kept."""
    return load(name, version if files.find("rules", name, version) else None)


def load_file(path: Path) -> Profile:
    """Read a profile from anywhere; its name is the file's, and it may inherit from those here.

    Raises:
        BadProfile: file, key and remedy; also where nothing could run by it (`usable`).

    """
    return usable(_read(path))


def usable(profile: Profile) -> Profile:
    """The same, if a service can run by it.

    Raises:
        BadProfile: a rule is missing, or counts in a unit or so little that nothing can be done.

    """
    file, complete = f"{profile.name}.toml", load(_COMPLETE)
    if missing := sorted(complete.rules.keys() - profile.rules.keys()):
        remedy = f'add it, or inherits = "{_COMPLETE}"'
        raise BadProfile(f"{file}, rules.{missing[0]}: missing; {remedy}")
    for key, rule in complete.rules.items():
        if (
            rule.unit in _EXACT
            and key not in _IN_DAYS_TOO
            and profile.rules[key].unit not in _EXACT
        ):
            raise BadProfile(f"{file}, rules.{key}: counts days; use {' or '.join(_EXACT)}")
    for key, rule in profile.rules.items():
        if rule.value < 1 and key in complete.rules and rule.unit in _EXACT:
            raise BadProfile(f"{file}, rules.{key}: value {rule.value}; give 1 or more")
    return profile


files.forgotten_with(load.cache_clear)
files.forgotten_with(opened_under.cache_clear)


def _read(path: Path) -> Profile:
    raw, file = files.toml(path), path.name
    if unknown := sorted(raw.keys() - _TABLES):
        raise BadProfile(f"{file}, {unknown[0]}: unknown; use any of: {', '.join(sorted(_TABLES))}")
    parent = _parent(path, raw)
    name = path.stem.partition("@")[0]
    head = _head(file, raw, parent)
    rules = dict(parent.rules) if parent else {}
    defaults = {"profile": name, "version": head[0], **_defaults(file, raw)}
    rules |= _rules(file, raw, rules, defaults)
    amounts = {key: dict(limits) for key, limits in (parent.amounts if parent else {}).items()}
    for key, limits in _rows(file, raw, "amounts"):
        amounts[key] = amounts.get(key, {}) | _amounts(file, key, limits)
    return Profile(
        name,
        *head,
        rules,
        {key: _contract(file, key, row) for key, row in _rows(file, raw, "contracts")},
        amounts,
        amended(file, raw.get("reasons", {}), parent.reasons if parent else STANDARD),
        _late(file, raw, parent, rules),
        bool(raw.get("self_custody", parent.self_custody if parent else False)),
    )


def _head(file: str, raw: dict[str, Any], parent: Profile | None) -> tuple[int, str, str]:
    """Version, calendar and zone; the last two may be inherited."""
    code = raw.get("calendar", parent.calendar if parent else None)
    try:
        version = _whole("version", raw["version"], 1)
        found = calendars.calendar(str(code))
        same = parent is not None and parent.calendar == code
        zone = raw.get("zone", parent.zone if parent and same else found.zone)
        calendars.zone_of(zone)
    except (KeyError, ValueError, TypeError) as error:  # ZoneInfo raises a KeyError
        raise BadProfile(f"{file}: {error}; give version, calendar and zone") from None
    return version, str(code), zone


def _parent(path: Path, raw: dict[str, Any]) -> Profile | None:
    """`inherits = "default"`, or `"default@1"` for a version that stays as it is."""
    if "inherits" not in raw:
        return None
    _check_line(path, raw["inherits"])
    return load(*_named(raw["inherits"]))


def _check_line(path: Path, wanted: Any) -> None:
    """Each file of the line is there, and none comes twice: it would inherit from itself."""
    line, file = [path], path.name
    while wanted is not None:
        found = _found(wanted)
        if found is None:
            known = ", ".join(files.installed("rules"))
            said = f"no profile {wanted!r}; use one of: {known}"
            raise BadProfile(f"{line[-1].name}, inherits: {said}")
        if found in line:
            round_ = " → ".join(each.name for each in (*line, found))
            raise BadProfile(f"{file}, inherits: inherits from itself ({round_}); name another")
        line.append(found)
        wanted = files.toml(found).get("inherits")


def _found(wanted: Any) -> Path | None:
    try:
        return files.find("rules", *_named(wanted))
    except ValueError:
        return None


def _named(wanted: Any) -> tuple[str, int | None]:
    """Name and version; ValueError where the version is no number."""
    name, at, version = str(wanted).partition("@")
    return name, int(version) if at else None


def _defaults(file: str, raw: dict[str, Any]) -> dict[str, Any]:
    """`[defaults]`: what each row of this file says where it says nothing else."""
    table = raw.get("defaults", {})
    allowed = ("source", "standing", "basis")
    if not isinstance(table, dict) or table.keys() - set(allowed):
        raise BadProfile(f"{file}, defaults: give {', '.join(allowed)} and nothing else")
    return table


def _rows(file: str, raw: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    rows = raw.get(key, {})
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise BadProfile(f"{file}, {key}: write a table for each, such as [{key}.…]")
    return list(rows.items())


def _rules(
    file: str, raw: dict[str, Any], inherited: dict[str, Rule], defaults: dict[str, Any]
) -> dict[str, Rule]:
    """Rows of their own first, then those that are the same as another: `{ same = "…" }`."""
    rows = _rows(file, raw, "rules")
    own = {
        key: _rule(f"{file}, rules.{key}", key, row, inherited.get(key), defaults)
        for key, row in rows
        if "same" not in row
    }
    known = inherited | own
    return own | {
        key: _same(f"{file}, rules.{key}", key, row, known) for key, row in rows if "same" in row
    }


def _same(where: str, key: str, row: dict[str, Any], known: dict[str, Rule]) -> Rule:
    if row.keys() != {"same"} or row["same"] not in known or row["same"] == key:
        raise BadProfile(f"{where}: give nothing beside same, and the id of another rule")
    return replace(known[row["same"]], id=key)


def _rule(
    where: str, key: str, row: dict[str, Any], old: Rule | None, defaults: dict[str, Any]
) -> Rule:
    """A row; what starts and stops it, and nothing else, is inherited from the row it overrides."""
    remedy = f"give value, unit ({', '.join(Unit)}), starts, stops, source, standing, basis"
    if unknown := sorted(row.keys() - _ROW):
        raise BadProfile(f"{where}.{unknown[0]}: unknown; {remedy}")
    said = {"basis": "own"} | defaults | row
    if old:
        said = {"starts": old.starts, "stops": old.stops} | said
    if missing := [name for name in _NEEDED if name not in said]:
        raise BadProfile(f"{where}: no {', '.join(missing)}; {remedy}")
    try:
        value, unit = _whole("value", said["value"], 0), Unit(said["unit"])
        if code := said.get("calendar"):
            calendars.calendar(code)
        for name, known in _CODES.items():
            _known(name, said[name], known)
        _source(said["source"])
        return Rule(
            key,
            value,
            unit,
            said["source"],
            said["standing"],
            said["starts"],
            said["stops"],
            said["basis"],
            said["profile"],
            said["version"],
            code,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadProfile(f"{where}: {error}; {remedy}") from None


_CODES: Final = {"starts": STARTS, "stops": STOPS, "standing": STANDINGS, "basis": BASES}


def _known(name: str, code: Any, known: Any) -> None:
    if code not in known:
        raise ValueError(f"{name} {code!r} is none of: {', '.join(known)}")


def _whole(name: str, value: Any, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} {value!r} is no whole number from {least} on")
    return value


def _source(text: Any) -> None:
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_SOURCE:
        raise ValueError(f"source is no text of 1 to {_LONGEST_SOURCE} characters")


def _contract(file: str, key: str, row: dict[str, Any]) -> Contract:
    try:
        silence = row["silence"] == "refund"
        return Contract(key, silence, int(row["cap_minor"]), row["currency"])
    except (KeyError, ValueError, TypeError) as error:
        raise BadProfile(
            f"{file}, contracts.{key}: {error}; give silence, cap_minor and currency"
        ) from None


def _amounts(file: str, name: str, rows: dict[str, Any]) -> dict[str, int]:
    """Currency → minor units."""
    bad = [key for key, value in rows.items() if not isinstance(value, int) or value < 0]
    if name not in _LIMITS or bad:
        where = f"{file}, amounts.{name}{'.' + bad[0] if bad else ''}"
        raise BadProfile(f"{where}: give {' and '.join(_LIMITS)} as minor units by currency")
    return rows


def _late(
    file: str, raw: dict[str, Any], parent: Profile | None, rules: dict[str, Rule]
) -> dict[str, LateCompensation]:
    """`[late_compensation.<rule>]`: money for each day after that rule's date."""
    found = dict(parent.late) if parent else {}
    for key, row in _rows(file, raw, "late_compensation"):
        where = f"{file}, late_compensation.{key}"
        if key not in rules:
            raise BadProfile(f"{where}: no such rule; use one of: {', '.join(rules)}")
        days = row.get("per_day")
        if not isinstance(days, dict) or not all(
            isinstance(v, int) and v > 0 for v in days.values()
        ):
            raise BadProfile(f"{where}: give per_day = {{ INR = 10000 }} in minor units")
        standing = row.get("standing", rules[key].standing)
        found[key] = LateCompensation(key, days, row.get("source", rules[key].source), standing)
    return found
