"""Every text with sample values, for reviewers and for the tests of lengths."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.notifier import templates
from services.notifier.domain import wording
from services.notifier.domain.notices import Notice
from services.notifier.domain.segments import Length, measure
from services.notifier.domain.texts import ASKING, WITHOUT_MONEY, Template
from services.notifier.domain.wording import Brand, Reader

BRANDS: Final = {
    "zh-CN": Brand("安付宝", "安付宝", "400-000-0000"),
    "en": Brand("AnPay", "AnPay", "+86 400-000-0000"),
}
READERS: Final = {
    "zh-CN": Reader("zh-CN", "Asia/Shanghai", "王小明"),
    "en": Reader("en", "Asia/Shanghai", "Jane Doe"),
}
_COMMON: Final = {
    "reference": "402188530170",
    "amount": "128000 CNY",
    "requested": "256000 CNY",
    # exclusive ends: midnight in Shanghai, so the last day is the one before
    "promised_at": "2026-10-13T16:00:00+00:00",
    "expected_at": "2026-10-15T16:00:00+00:00",
    "appeal_until": "2026-10-20T16:00:00+00:00",
    "answer_by": "2026-10-13T16:00:00+00:00",
    "ends_at": "2026-10-20T16:00:00+00:00",
    "delivered_at": "2026-10-12T03:20:00+00:00",
    "kind": "refund_request",
    "matter": "changed_mind",
    "item": "transaction",
    "why": "bank_silent",
    "next_actor": "bank",
    "destination_kind": "card",
    "destination_tail": "6226",
    "cause": "over_limit",
    "reason": "outside_window",
    "rule": "outside_window",
    "proof": "HB2026101288",
    "duplicate_of": "123456789018",
}
_BANKS: Final = {"zh-CN": "招商银行", "en": "HSBC"}
_MATTERS: Final = {
    Template.RECALLING: ("wrong_or_scam_transfer", "scam"),
    Template.EXPLAINED_RECALL: ("wrong_or_scam_transfer", "scam"),
    Template.COMPLAINT_TAKEN: ("complaint", "slow"),
    Template.ANSWERED: ("complaint", "slow"),
    Template.ACCOUNT_PAUSED: ("unauthorized", "odd_login"),
    Template.ACCOUNT_PAUSED_VERIFY: ("unauthorized", "odd_login"),
    Template.IDENTITY_WANTED: ("access_lost", "new_phone"),
    Template.DECLINED_OTHER: ("access_lost", "new_phone"),
    Template.IN_TRANSIT_ON_CHAIN: ("missing_funds", "on_chain"),
    Template.DELIVERED_ON_CHAIN: ("missing_funds", "on_chain"),
    Template.EXPLAINED_REVERTED: ("missing_funds", "on_chain"),
    Template.EXPLAINED_PENDING: ("wrong_or_scam_transfer", "scam"),
    Template.EXPLAINED_ON_CHAIN: ("wrong_or_scam_transfer", "scam"),
    Template.EXPLAINED_KEYS: ("access_lost", "forgot_password"),
    Template.EXPLAINED_EXPOSED: ("unauthorized", "code_leaked"),
    Template.CORRECTED: ("balance_anomaly", "less"),
}
_REASONS: Final = {
    Template.ARBITRATION_REFUSED: "shipped",
    Template.RETURNING: "name_mismatch",
    Template.BOUNCED: "card_closed",
    Template.APPROVED: "not_as_described",
    Template.APPROVED_PARTIAL: "partly_used",
    Template.OFFER_MADE: "used",
    Template.EVIDENCE_WANTED: "shipped",
    Template.ACCOUNT_WANTED: "card_closed",
    Template.CREDIT_ENDING: "authorized",
    Template.ANSWERED: "our_error",
    Template.DECLINED_OTHER: "identity_not_verified",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One template in one language."""

    locale: str
    template: Template
    text: str
    length: Length
    subject: str
    body: str
    html: str


def notice(template: Template, locale: str) -> Notice:
    """Return a template with sample facts."""
    facts = _COMMON | {"at_bank": _BANKS[locale], "destination_bank": _BANKS[locale]}
    if template in WITHOUT_MONEY:
        del facts["amount"]
    if template in ASKING:
        facts["next_actor"] = "customer"
    if template in _MATTERS:
        facts["kind"], facts["matter"] = _MATTERS[template]
    if template in _REASONS:
        facts["reason"] = _REASONS[template]
    return Notice(template, facts)


def previews() -> Iterator[Preview]:
    """Yield every template in every language."""
    for locale in templates.LOCALES:
        for template in Template:
            yield preview(template, locale)


def preview(template: Template, locale: str) -> Preview:
    """Return one template in one language."""
    language, reader, brand = templates.language(locale), READERS[locale], BRANDS[locale]
    sample = notice(template, locale)
    text = wording.sms(language, sample, reader, brand)
    letter = wording.letter(language, sample, reader, brand)
    return Preview(
        locale=locale,
        template=template,
        text=text,
        length=measure(text),
        subject=letter.subject,
        body=templates.layout("txt").render(letter=letter),
        html=templates.layout("html").render(letter=letter),
    )
