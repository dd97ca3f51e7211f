"""Whether a case ended as it must: by the bank's books, the gateway and the catcher. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from deploy.demo.outside import NOTHING, Account, Chain, Keeping, Mail, Sms
from deploy.demo.stories import Case, Ending, Locale
from shared.money import exponent

QUOTED: Final = 40  # characters of a text that names it in a verdict
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was observed of a case; `reference` as people read it, `trouble` of the steps."""

    reference: str = ""
    statuses: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    account: Account = NOTHING
    keeping: Keeping | None = None
    chain: Chain | None = None
    merchant_asked: int = 0
    evidence_asked: int = 0
    goods_sent: int = 0
    texts: tuple[Sms, ...] = ()
    mails: tuple[Mail, ...] = ()
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one witness says: `good` when all is as it must be, else `wrong` says what differs."""

    witness: str
    good: str
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.wrong


def judge(case: Case, seen: Seen) -> tuple[Verdict, ...]:
    """The verdicts of all witnesses."""
    ends, currency = case.ends, case.currency
    language = _LANGUAGES[case.customer.locale]
    heard = f"all {len(ends.messages)} in {language}, in order, each once"
    return (
        Verdict("customer's app", _told(ends), tuple(_story(ends, seen))),
        Verdict("bank's ledger", _money(ends, currency), tuple(_books(ends, seen, currency))),
        *_kept(ends, seen),
        *_on_chain(ends, seen),
        Verdict("SMS gateway", heard, tuple(_texts(case, seen))),
        Verdict("mail catcher", heard, tuple(_mails(case, seen))),
    )


_LANGUAGES: Final[dict[Locale, str]] = {"zh-CN": "Chinese", "en": "English"}


def amount(minor: int, currency: str) -> str:
    """`CNY 268.00`, `JPY 6,450`."""
    return f"{currency} {Decimal(minor).scaleb(-exponent(currency)):,}"


def _told(ends: Ending) -> str:
    return f"ended as {ends.status} ({' → '.join(ends.steps)})"


def _money(ends: Ending, currency: str) -> str:
    told = " → ".join(ends.journal) or "no entry"
    back = f"{amount(ends.back_minor, currency)} back, once" if ends.back_minor else "nothing back"
    if ends.payments is not None:
        back = f"{amount(ends.back_minor, currency)} back, in {ends.payments} payments"
    payer = f", by {ends.payer.replace('_', ' ')}" if ends.payer and ends.back_minor else ""
    beside = f", {amount(ends.beside_minor, currency)} beside it" if ends.beside_minor else ""
    return f"{back}{payer}{beside} ({told})"


def _kept(ends: Ending, seen: Seen) -> tuple[Verdict, ...]:
    """Of the account service, where the case is about the account."""
    if ends.account is None:
        return ()
    wanted, got = ends.account, seen.keeping or Keeping()
    good = f"holds: {_list(wanted.holds)}; checks: {_list(wanted.checks)}"
    wrong = [
        f"{name}: {_list(getattr(got, name))} instead of {_list(getattr(wanted, name))}"
        for name in ("holds", "checks", "resets")
        if getattr(got, name) != getattr(wanted, name)
    ]
    return (Verdict("account service", f"{good}; resets: {_list(wanted.resets)}", tuple(wrong)),)


READS: Final = frozenset(
    ("eth_blockNumber", "eth_getCode", "eth_getTransactionByHash", "eth_getTransactionReceipt")
)
"""All that anybody may ever ask of a node."""


def _on_chain(ends: Ending, seen: Seen) -> tuple[Verdict, ...]:
    """Of the node, where the case is about a transaction on a chain."""
    if ends.chain is None:
        return ()
    got = seen.chain or Chain("not asked")
    wrong = [] if got.state == ends.chain else [f"{got.state} instead of {ends.chain}"]
    wrong += [f"was asked to {method}" for method in got.asked if method not in READS]
    return (Verdict("node", f"{ends.chain} on the chain; it was only read", tuple(wrong)),)


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _story(ends: Ending, seen: Seen) -> list[str]:
    wrong = list(seen.trouble)
    if not seen.statuses or seen.statuses[-1] != ends.status:
        last = seen.statuses[-1] if seen.statuses else "nothing"
        wrong.append(f"ended as {last} instead of {ends.status}")
    if not _in_order(ends.statuses, seen.statuses):
        wrong.append(f"was {' → '.join(seen.statuses)} instead of {' → '.join(ends.statuses)}")
    if not _holds(seen.steps, ends.steps):
        wrong.append(f"the timeline {list(seen.steps)} lacks some of {list(ends.steps)}")
    return wrong


def _in_order(expected: Sequence[str], seen: Sequence[str]) -> bool:
    """Whether `seen` is `expected`, of which those with a question mark may be left out."""
    rest = list(seen)
    for each in expected:
        if rest and rest[0] == each.removesuffix("?"):
            rest.pop(0)
        elif not each.endswith("?"):
            return False
    return not rest


def _holds(steps: Sequence[str], wanted: Sequence[str]) -> bool:
    rest = iter(steps)
    return all(any(step == each for step in rest) for each in wanted)


def _books(ends: Ending, seen: Seen, currency: str) -> list[str]:
    books, wrong = seen.account, []
    payments = int(ends.back_minor > 0) if ends.payments is None else ends.payments
    refunds = ends.journal.count("refund_sent")
    if books.back_minor != ends.back_minor:
        got, must = amount(books.back_minor, currency), amount(ends.back_minor, currency)
        wrong.append(f"{got} went back instead of {must}")
    if books.payments != payments:
        wrong.append(f"paid {books.payments} times instead of {payments}")
    if books.beside_minor != ends.beside_minor:
        got, must = amount(books.beside_minor, currency), amount(ends.beside_minor, currency)
        wrong.append(f"{got} came beside it instead of {must}")
    if books.in_flight_minor:
        wrong.append(f"{amount(books.in_flight_minor, currency)} is still on its way")
    if books.journal != ends.journal:
        wrong.append(f"the ledger holds {list(books.journal)} instead of {list(ends.journal)}")
    if books.payers != (ends.payer,) * refunds:
        wrong.append(f"{refunds} refunds by {ends.payer} were paid by {list(books.payers)}")
    if books.suspicious:
        wrong.append("the bank's own audit finds it paid twice, too high or out of balance")
    return wrong + _merchant(ends, seen)


def _merchant(ends: Ending, seen: Seen) -> list[str]:
    wrong = []
    for name, told in _ASKED.items():
        got, must = getattr(seen, name), getattr(ends, name)
        if got != must:
            wrong.append(f"{told} {got} times, not {must}")
    return wrong


_ASKED: Final = {
    "merchant_asked": "merchant asked",
    "evidence_asked": "merchant asked for evidence",
    "goods_sent": "goods announced to the merchant",
}


def _texts(case: Case, seen: Seen) -> list[str]:
    wanted = [_Wanted(m.sms, m.sms[0]) for m in case.ends.messages]
    wrong = _matched(wanted, [each.text for each in seen.texts])
    for each in seen.texts:
        wrong += _manners(each.text, case.customer.locale, seen.reference)
        if not each.delivered:
            wrong.append(f"not delivered: {_short(each.text)}")
    return wrong


def _mails(case: Case, seen: Seen) -> list[str]:
    wanted = [_Wanted((m.subject, *m.mail), m.subject) for m in case.ends.messages]
    wrong = _matched(wanted, [f"{each.subject}\n{each.text}" for each in seen.mails])
    for each in seen.mails:
        for part in (each.subject, each.text):
            wrong += _manners(part, case.customer.locale, seen.reference)
    if len({each.reference for each in seen.mails}) < len(seen.mails):
        wrong.append("two e-mails are the same message")
    return wrong


@dataclass(frozen=True, slots=True)
class _Wanted:
    phrases: tuple[str, ...]
    name: str

    def found_in(self, text: str) -> bool:
        return all(phrase in text for phrase in self.phrases)


def _matched(wanted: Sequence[_Wanted], arrived: Sequence[str]) -> list[str]:
    """What is missing and what is too much, in the order of the messages."""
    wrong: list[str] = []
    extra: list[str] = []
    position = 0
    for each in wanted:
        places = (i for i in range(position, len(arrived)) if each.found_in(arrived[i]))
        place = next(places, None)
        if place is None:
            wrong.append(f"missing: {' … '.join(each.phrases)}")
            continue
        extra += arrived[position:place]
        position = place + 1
    extra += arrived[position:]
    return wrong + [f"{_why(each, arrived)}: {_short(each)}" for each in extra]


def _why(text: str, arrived: Sequence[str]) -> str:
    return "came more than once" if arrived.count(text) > 1 else "not expected, or out of order"


def _manners(text: str, locale: Locale, reference: str) -> list[str]:
    """Language and reference, which every message must have right."""
    wrong = []
    if bool(_CHINESE.search(text)) != (locale == "zh-CN"):
        wrong.append(f"not in {_LANGUAGES[locale]}: {_short(text)}")
    if reference not in text:
        wrong.append(f"without the reference {reference}: {_short(text)}")
    return wrong


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}…"
