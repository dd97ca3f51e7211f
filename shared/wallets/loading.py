"""Reads wallets' files: TOML in, `Wallet` out; what is wrong is said by file, key and remedy."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.contracts.vocabulary import Kind
from shared.rules import files
from shared.rules.files import BadProfile
from shared.wallets.wallet import LOCALES, NotOffered, Refunds, Role, Statement, Wallet, Words
from shared.wallets.words import PAYERS

KINDS: Final = tuple(Kind)
_KEYS: Final = frozenset(
    ("version", "inherits", "names", "operator_role", "brand", "sms_signature", "hotline")
) | {"locales", "rules", "rail", "kinds", "not_offered", "pays", "refunds"}
_LISTS: Final = ("policies", "promises", "cannot_promise", "guidance")
_SIGNED: Final = ("brand", "sms_signature", "hotline")
_NAME_LENGTH: Final = 20
_TEXT_LENGTH: Final = 200


@cache
def load(name: str, version: int | None = None) -> Wallet:
    """A wallet by its name, in its newest version or in one that was in use before.

    Raises:
        BadProfile: file, key and remedy.

    """
    path = files.find("wallets", name, version)
    if path is None:
        wanted = name if version is None else f"{name}@{version}"
        known = ", ".join(files.installed("wallets"))
        raise BadProfile(f"REDRESS_WALLET: no wallet {wanted!r}; use one of: {known}")
    return _read(path)


@cache
def opened_under(name: str, version: int) -> Wallet:
    """The wallet that a dispute was opened under; the newest where that version was not kept."""
    return load(name, version if files.find("wallets", name, version) else None)


files.forgotten_with(load.cache_clear)
files.forgotten_with(opened_under.cache_clear)

Read = TypeVar("Read")


def _read(path: Path, heirs: tuple[Path, ...] = ()) -> Wallet:
    """`heirs`: the files that inherit from this one, in whose circle it may not stand."""
    raw, file = files.toml(path), path.name
    if unknown := sorted(raw.keys() - _KEYS - set(_LISTS)):
        known = ", ".join(sorted((*_KEYS, *_LISTS)))
        raise BadProfile(f"{file}, {unknown[0]}: unknown; use any of: {known}")
    parent = _parent(raw, (*heirs, path))

    def said(key: str, read: Callable[[Any], Read], old: str = "", default: Any = None) -> Read:
        """The file's own value, else the parent's, else the default."""
        if key not in raw and parent is not None:
            return getattr(parent, old or key)  # type: ignore[no-any-return]
        value = raw.get(key, default)
        try:
            return read(value)
        except (KeyError, ValueError, TypeError) as error:
            wrong = "missing" if value is None else str(error)
            raise BadProfile(f"{file}, {key}: {wrong}; {_REMEDIES[key]}") from None

    wallet = Wallet(
        name=path.stem.partition("@")[0],
        version=_version(file, raw),
        names=said("names", _name),
        role=said("operator_role", Role, "role"),
        brand=said("brand", _name),
        sms_signature=said("sms_signature", _name),
        hotline=said("hotline", _hotline),
        is_sample=_is_sample(path, raw, parent),
        locales=said("locales", _locales),
        rules=said("rules", _profile),
        rail=said("rail", _code),
        kinds=said("kinds", _kinds),
        not_offered=said("not_offered", _not_offered, default=[]),
        pays=said("pays", _pays),
        refunds=said("refunds", _refunds, default={}),
        **{key: _statements(file, key, raw, parent) for key in _LISTS},
    )
    _check(file, wallet)
    return wallet


def _parent(raw: dict[str, Any], heirs: tuple[Path, ...]) -> Wallet | None:
    """`inherits = "alipay"`, or `"alipay@1"` for a version that stays as it is.

    An operator's file may bear the name of the one it inherits from: then that is the shipped one.
    """
    if "inherits" not in raw:
        return None
    name, _, version = str(raw["inherits"]).partition("@")
    wanted = int(version) if version.isdecimal() else None
    found = files.find("wallets", name, wanted)
    if found in heirs:
        found = files.shipped("wallets", name, wanted)
    if found is None or found in heirs:
        known = ", ".join(files.installed("wallets"))
        said = f"no other wallet {raw['inherits']!r}; use one of: {known}"
        raise BadProfile(f"{heirs[-1].name}, inherits: {said}")
    return _read(found, heirs)


def _version(file: str, raw: dict[str, Any]) -> int:
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadProfile(f"{file}, version: {version!r} is no whole number from 1 on; give one")
    return version


def _is_sample(path: Path, raw: dict[str, Any], parent: Wallet | None) -> bool:
    """Whoever signs says all of it: a sample's hotline under one's own name is worse than none."""
    if files.is_shipped("wallets", path):
        return True
    return parent is not None and parent.is_sample and not all(key in raw for key in _SIGNED)


# --- one value each; whatever they raise is told with the key's remedy


def _name(value: Any) -> Words:
    words = _words(value)
    if any(len(text) > _NAME_LENGTH for text in (words.zh, words.en)):
        raise ValueError(f"longer than {_NAME_LENGTH} characters")
    return words


def _words(value: Any) -> Words:
    if not isinstance(value, dict) or value.keys() != {"zh", "en"}:
        raise ValueError("needs zh and en, and nothing else")
    for locale, text in value.items():
        if not isinstance(text, str) or not text.strip() or len(text) > _TEXT_LENGTH:
            raise ValueError(f"{locale} is no text of 1 to {_TEXT_LENGTH} characters")
    return Words(value["zh"], value["en"])


def _hotline(value: Any) -> str:
    digits = sum(sign.isdigit() for sign in value)
    if len(value) > _NAME_LENGTH or not digits or set(value) - set("0123456789+-() "):
        raise ValueError(f"{value!r} is no number to call")
    return str(value)


def _code(value: Any) -> str:
    if not isinstance(value, str) or not value.replace("_", "").isalpha() or not value.islower():
        raise ValueError(f"{value!r} is no code in small letters")
    return value


def _locales(value: Any) -> tuple[str, ...]:
    if not value or len(set(value)) != len(value) or set(value) - set(LOCALES):
        raise ValueError(f"{value!r} is no order of {', '.join(LOCALES)}")
    return tuple(value)


def _profile(value: Any) -> str:
    if files.find("rules", value) is None:
        raise ValueError(f"no rule profile {value!r}")
    return str(value)


def _kinds(value: Any) -> tuple[Kind, ...]:
    if not isinstance(value, list) or not value or set(value) - set(KINDS):
        unknown = [kind for kind in value if kind not in KINDS]
        raise ValueError(f"{unknown or value!r} is no list of kinds")
    return tuple(kind for kind in KINDS if kind in value)


def _not_offered(value: Any) -> tuple[NotOffered, ...]:
    return tuple(
        NotOffered(frozenset(_kinds(row["kinds"])), _words(row["why"]), _words(row["instead"]))
        for row in value
    )


def _pays(value: Any) -> dict[str, tuple[str, ...]]:
    if unknown := sorted(value.keys() - {"default", *KINDS}):
        raise ValueError(f"{unknown[0]} is no kind")
    if "default" not in value:
        raise ValueError("no default")
    for codes in value.values():
        if not isinstance(codes, list) or not codes or set(codes) - PAYERS.keys():
            raise ValueError(f"{codes!r} is no list of who pays")
    return {kind: tuple(codes) for kind, codes in value.items()}


def _refunds(value: Any) -> Refunds:
    if value.keys() - {"within_days", "parts"}:
        raise ValueError("says something else")
    if any(not isinstance(number, int) or number < 1 for number in value.values()):
        raise ValueError("counts from 1 on")
    return Refunds(**value)


_REMEDIES: Final = {
    "names": 'give names = { zh = "…", en = "…" }, each of at most 20 characters',
    "operator_role": f"use one of: {', '.join(Role)}",
    "brand": 'give brand = { zh = "…", en = "…" }, your own, each of at most 20 characters',
    "sms_signature": 'give sms_signature = { zh = "…", en = "…" }, without brackets',
    "hotline": "give the number that people may call, such as 400-000-0000",
    "locales": 'give locales = ["zh-CN", "en"] in your order',
    "rules": "name a file of the rules' folder",
    "rail": "name the interface behind the wallet, such as alipay",
    "kinds": f"give any of: {', '.join(KINDS)}",
    "not_offered": "give [[not_offered]] with kinds, why and instead, both with zh and en",
    "pays": f"give [pays] with default, and a kind where it differs, of: {', '.join(PAYERS)}",
    "refunds": "give within_days and parts, or leave them out where a contract says it",
}


def _statements(
    file: str, key: str, raw: dict[str, Any], parent: Wallet | None
) -> tuple[Statement, ...]:
    """Inherited ones in their order, with other words where this file has the code; then its own.

    None can be taken away: what cannot be promised stays so in whoever's name.
    """
    rows = raw.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadProfile(f"{file}, {key}: write [[{key}]] with code, zh and en for each")
    found = {each.code: each for each in (getattr(parent, key) if parent else ())}
    own = [_statement(file, key, row) for row in rows]
    if twice := _twice(each.code for each in own):
        raise BadProfile(f"{file}, {key}.{twice}: stands twice; give each code once")
    return tuple((found | {each.code: each for each in own}).values())


def _statement(file: str, key: str, row: dict[str, Any]) -> Statement:
    where = f"{file}, {key}.{row.get('code', '?')}"
    remedy = "give code, zh, en, and kinds for some only"
    if unknown := sorted(row.keys() - {"code", "zh", "en", "kinds"}):
        raise BadProfile(f"{where}.{unknown[0]}: unknown; {remedy}")
    try:
        words = _words({locale: row.get(locale) for locale in ("zh", "en")})
        kinds = _kinds(row["kinds"]) if "kinds" in row else ()
        return Statement(_code(row.get("code")), words, frozenset(kinds))
    except (ValueError, TypeError) as error:
        raise BadProfile(f"{where}: {error}; {remedy}") from None


def _twice(codes: Iterable[str]) -> str | None:
    seen = set[str]()
    for code in codes:
        if code in seen:
            return code
        seen.add(code)
    return None


# --- what only the whole file shows


def _check(file: str, wallet: Wallet) -> None:
    explained = [kind for row in wallet.not_offered for kind in row.kinds]
    for kind in KINDS:
        if (kind in wallet.kinds) + explained.count(kind) != 1:
            said = "neither in kinds nor explained, or both"
            raise BadProfile(f"{file}, kinds: {kind} is {said}; name it in one of the two, once")
    if wallet.role is not Role.ISSUER_WALLET:
        _check_signature(file, wallet)
    if wallet.is_self_custody and not wallet.guidance:
        raise BadProfile(f"{file}, guidance: missing; say what the owner of the keys can still do")


def _check_signature(file: str, wallet: Wallet) -> None:
    """Texts are signed as the operator: nobody may pass for the wallet."""
    names = _plain((wallet.names.zh, wallet.names.en))
    for key in ("brand", "sms_signature"):
        words: Words = getattr(wallet, key)
        if any(name in own for own in _plain((words.zh, words.en)) for name in names):
            remedy = "sign with the operator's own name"
            raise BadProfile(f"{file}, {key}: is the name of the wallet itself; {remedy}")


def _plain(names: Sequence[str]) -> list[str]:
    return [name.replace(" ", "").casefold() for name in names]
