"""Reads wallets: TOML in, `Wallet` out; what is wrong is said by file, key and remedy."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.contracts.vocabulary import Kind
from shared.rules import files
from shared.rules.files import BadProfile
from shared.wallets.wallet import (
    SELF_CUSTODY_KINDS,
    Bearer,
    Role,
    Said,
    Text,
    Wallet,
    WhoPays,
)

LOCALES: Final = ("zh-CN", "en")
_TABLES: Final = frozenset(
    ("version", "inherits", "operator_role", "rules", "rail", "hotline", "locales", "kinds")
) | {
    *("name", "brand", "sms_signature", "who_pays"),
    *("policies", "promises", "cannot_promise", "guidance"),
}
# What every wallet says about money; more may be said.
_POLICIES: Final = ("refund_window", "refund_terms", "fees")
_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LONGEST_BRAND: Final = 20  # of what signs a text message
_LONGEST: Final = 200
_BRACKETS: Final = "【】[]:：\n"  # the text's own frame around a signature
# Nobody but these may sign as these, and these do not run Redress for others.
_NOT_THE_OPERATOR: Final = (
    *("支付宝", "Alipay", "微信", "WeChat", "Weixin", "Apple Pay", "苹果支付"),
    *("Google Pay", "Google Wallet", "谷歌支付", "TokenPocket"),
)
Member = TypeVar("Member", bound=StrEnum)


@cache
def load(name: str, version: int | None = None) -> Wallet:
    """A wallet by its name, in its newest version or in one that was in use before.

    It may inherit from another and override what it says.

    Raises:
        BadProfile: file, key and remedy.

    """
    path = files.find("wallets", name, version)
    if path is None:
        wanted = name if version is None else f"{name}@{version}"
        known = ", ".join(files.installed("wallets"))
        raise BadProfile(f"REDRESS_WALLET: no wallet {wanted!r}; use one of: {known}")
    return _wallet(path.name, path.stem.partition("@")[0], _merged(path, ()))


@cache
def opened_under(name: str, version: int) -> Wallet:
    """The wallet as a dispute was opened under it; the newest where that version was not kept."""
    return load(name, version if files.find("wallets", name, version) else None)


files.forgotten_with(load.cache_clear)
files.forgotten_with(opened_under.cache_clear)


def _merged(path: Path, heirs: tuple[Path, ...]) -> dict[str, Any]:
    """The file's tables over those that it inherits."""
    raw, file = files.toml(path), path.name
    if unknown := sorted(raw.keys() - _TABLES):
        raise BadProfile(f"{file}, {unknown[0]}: unknown; use any of: {', '.join(sorted(_TABLES))}")
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadProfile(f"{file}, version: give a whole number from 1 on")
    if "inherits" not in raw:
        return raw
    parent = _parent(file, raw["inherits"])
    if parent in (path, *heirs):
        raise BadProfile(f"{file}, inherits: inherits from itself; name another wallet")
    return _over(_merged(parent, (path, *heirs)), raw)


def _parent(file: str, wanted: Any) -> Path:
    """`inherits = "alipay"`, or `"alipay@1"` for a version that stays as it is."""
    name, at, version = str(wanted).partition("@")
    if "@" in file and not at:
        remedy = f'name its version too, such as "{name}@1"'
        raise BadProfile(f"{file}, inherits: a version that is kept must not change; {remedy}")
    path = files.find("wallets", name, int(version) if version.isdecimal() else None)
    if path is None or (at and not version.isdecimal()):
        known = ", ".join(files.installed("wallets"))
        raise BadProfile(f"{file}, inherits: no wallet {wanted!r}; use one of: {known}")
    return path


def _over(base: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of codes are merged one code after the other; all else is replaced."""
    found = dict(base)
    for key, value in raw.items():
        merges = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = {**found[key], **value} if merges else value
    if "brand" in raw and "sms_signature" not in raw:
        found.pop("sms_signature", None)  # the parent's is no longer the one who signs
    return found


def _wallet(file: str, name: str, raw: dict[str, Any]) -> Wallet:
    role = _member(file, "operator_role", raw.get("operator_role"), Role)
    brand = _text(file, "brand", raw.get("brand"), _LONGEST_BRAND)
    names = _text(file, "name", raw.get("name"))
    signature = _text(file, "sms_signature", raw.get("sms_signature", raw.get("brand")), 20)
    for key, text in (("brand", brand), ("sms_signature", signature)):
        _of_the_operator(file, key, text, names)
    pays = _table(file, "who_pays", raw)
    return Wallet(
        name=name,
        version=raw["version"],
        names=names,
        role=role,
        brand=brand,
        signature=signature,
        hotline=_hotline(file, raw.get("hotline")),
        locales=_locales(file, raw.get("locales")),
        rules=_code(file, "rules", raw.get("rules")),
        rail=_code(file, "rail", raw.get("rail")),
        kinds=_kinds(file, raw.get("kinds", list(Kind)), role),
        who_pays_by_default=_payers(file, "who_pays.default", pays.get("default")),
        who_pays_for={
            _member(file, f"who_pays.{kind}", kind, Kind): _payers(file, f"who_pays.{kind}", row)
            for kind, row in pays.items()
            if kind != "default"
        },
        policies=_policies(file, raw),
        promises=_said(file, "promises", raw),
        cannot_promise=_said(file, "cannot_promise", raw),
        guidance=_said(file, "guidance", raw) if "guidance" in raw else (),
    )


def _of_the_operator(file: str, key: str, text: Text, names: Text) -> None:
    for language, value in (("zh", text.zh), ("en", text.en)):
        for foreign in (*_NOT_THE_OPERATOR, names.zh, names.en):
            if foreign.casefold() in value.casefold():
                said = f"{foreign!r} is the wallet, not its operator"
                raise BadProfile(f"{file}, {key}.{language}: {said}; sign with your own name")
        if any(mark in value for mark in _BRACKETS):
            raise BadProfile(f"{file}, {key}.{language}: leave out brackets, colons and line ends")


def _policies(file: str, raw: dict[str, Any]) -> tuple[Said, ...]:
    found = _said(file, "policies", raw)
    if missing := sorted(set(_POLICIES) - {said.code for said in found}):
        raise BadProfile(f"{file}, policies.{missing[0]}: missing; say it in zh and en")
    return found


def _said(file: str, key: str, raw: dict[str, Any]) -> tuple[Said, ...]:
    """`CODE = { zh = "…", en = "…", kinds = […] }`; false takes an inherited one away."""
    rows = {code: row for code, row in _table(file, key, raw).items() if row is not False}
    if not rows:
        raise BadProfile(f"{file}, {key}: empty; say at least one thing in zh and en")
    return tuple(_one_said(file, f"{key}.{code}", code, row) for code, row in rows.items())


def _one_said(file: str, where: str, code: str, row: Any) -> Said:
    _code(file, where, code)
    kinds = row.get("kinds", []) if isinstance(row, dict) else []
    if not isinstance(kinds, list):
        raise BadProfile(f'{file}, {where}.kinds: not a list; write kinds = ["unauthorized"]')
    named = frozenset(_member(file, f"{where}.kinds", kind, Kind) for kind in kinds)
    words = {k: v for k, v in row.items() if k != "kinds"} if isinstance(row, dict) else row
    return Said(code, _text(file, where, words), named)


def _payers(file: str, where: str, row: Any) -> WhoPays:
    wanted = 'give bearers = ["merchant"], zh and en'
    if not isinstance(row, dict) or not isinstance(row.get("bearers"), list) or not row["bearers"]:
        raise BadProfile(f"{file}, {where}: {wanted}")
    bearers = tuple(_member(file, f"{where}.bearers", code, Bearer) for code in row["bearers"])
    words = {key: value for key, value in row.items() if key != "bearers"}
    return WhoPays(bearers, _text(file, where, words))


def _kinds(file: str, wanted: Any, role: Role) -> frozenset[Kind]:
    if not isinstance(wanted, list) or not wanted:
        raise BadProfile(f"{file}, kinds: give a list of kinds, such as [{Kind.REFUND_REQUEST!r}]")
    kinds = frozenset(_member(file, "kinds", kind, Kind) for kind in wanted)
    if role is Role.SELF_CUSTODY and (senseless := sorted(kinds - SELF_CUSTODY_KINDS)):
        remedy = f"use any of: {', '.join(sorted(SELF_CUSTODY_KINDS))}"
        raise BadProfile(f"{file}, kinds: {senseless[0]} needs a bank or a merchant; {remedy}")
    return kinds


def _locales(file: str, wanted: Any) -> tuple[str, ...]:
    known = isinstance(wanted, list) and wanted and all(code in LOCALES for code in wanted)
    if not known or len(set(wanted)) < len(wanted):
        remedy = f"name each once, the preferred one first, of: {', '.join(LOCALES)}"
        raise BadProfile(f"{file}, locales: {remedy}")
    return tuple(wanted)


def _hotline(file: str, wanted: Any) -> str:
    if not isinstance(wanted, str) or not re.fullmatch(r"\+?[0-9][0-9 -]{2,18}", wanted):
        raise BadProfile(f"{file}, hotline: give the number that people call, of up to 20 digits")
    return wanted


def _text(file: str, where: str, row: Any, longest: int = _LONGEST) -> Text:
    """`{ zh = "…", en = "…" }`."""
    if not isinstance(row, dict) or row.keys() != {"zh", "en"}:
        raise BadProfile(f"{file}, {where}: give it as zh and en")
    for language, value in row.items():
        if not isinstance(value, str) or not 0 < len(value.strip()) <= len(value) <= longest:
            said = f"give 1 to {longest} characters"
            raise BadProfile(f"{file}, {where}.{language}: {said}")
    return Text(row["zh"], row["en"])


def _table(file: str, key: str, raw: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(raw.get(key), dict):
        raise BadProfile(f"{file}, {key}: missing; write [{key}]")
    return dict(raw[key])


def _code(file: str, where: str, code: Any) -> str:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise BadProfile(f"{file}, {where}: give 1 to 64 of a-z, 0-9, _ and -")
    return code


def _member(file: str, where: str, code: Any, known: type[Member]) -> Member:
    try:
        return known(code)
    except ValueError:
        names = ", ".join(known)
        raise BadProfile(f"{file}, {where}: {code!r} is none; use one of: {names}") from None
