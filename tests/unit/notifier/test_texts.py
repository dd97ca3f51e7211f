"""Every text in every language, with sample values; expectations are worked out by hand."""

import re

import pytest

from services.notifier import samples, templates
from services.notifier.domain import wording
from services.notifier.domain.notices import Notice
from services.notifier.domain.segments import measure
from services.notifier.domain.texts import Template
from services.notifier.domain.wording import Brand, Incomplete, Language, Reader
from shared.contracts.vocabulary import REASONS, DecisionReason, Kind

BARE = {"reference": "402188530170", "kind": "refund_request", "next_actor": "bank"}
EVERY = [(locale, template) for locale in templates.LOCALES for template in Template]


@pytest.mark.parametrize(("locale", "template"), EVERY)
def test_an_sms_is_short_signed_and_whole(locale: str, template: Template) -> None:
    text = samples.preview(template, locale).text
    length = measure(text)
    assert text.startswith("【安付宝】" if locale == "zh-CN" else "AnPay: ")
    assert "4021 8853 0170" in text
    assert (length.alphabet, length.parts) == ("ucs2" if locale == "zh-CN" else "gsm7", 1)
    assert length.units <= (67 if locale == "zh-CN" else 160)
    assert not re.search(r"[{}]|https?:|www\.|None", text)


@pytest.mark.parametrize(("locale", "template"), EVERY)
def test_an_email_says_more_and_holds_no_link(locale: str, template: Template) -> None:
    shown = samples.preview(template, locale)
    for whole in (shown.subject, shown.body, shown.html):
        assert "4021 8853 0170" in whole
        assert "None" not in whole
        assert "http" not in whole
    assert not re.search(r"[{}]", shown.subject + shown.body)
    assert len(shown.body) > len(shown.text)
    assert samples.BRANDS[locale].hotline in shown.body


@pytest.mark.parametrize(("locale", "template"), EVERY)
def test_a_text_without_its_facts_still_reads(locale: str, template: Template) -> None:
    language = templates.language(locale)
    brand = samples.BRANDS[locale]
    text = wording.sms(language, Notice(template, BARE), Reader(locale), brand)
    letter = wording.letter(language, Notice(template, BARE), Reader(locale), brand)
    assert "4021 8853 0170" in text
    assert not re.search(r"[{}]|None|[，：]$", text)
    assert text[-1] in "。."
    assert letter.subject
    assert letter.lead


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_the_languages_know_the_same_words(locale: str) -> None:
    ours, chinese = templates.language(locale).raw, templates.language("zh-CN").raw
    for group, words in chinese["words"].items():
        assert ours["words"][group].keys() == words.keys()
    assert ours["mail_words"].keys() == chinese["mail_words"].keys()


def test_what_a_customer_reads_when_a_refund_is_sent_and_when_it_has_arrived() -> None:
    assert samples.preview(Template.REFUND_SENT, "zh-CN").text == (
        "【安付宝】4021 8853 0170：¥1,280.00已退往招商银行尾号6226，预计10月15日前到账。"
        "没到请在App告诉我们。"
    )
    assert samples.preview(Template.CREDITED, "en").text == (
        "AnPay: 4021 8853 0170 closed: CN¥1,280.00 has arrived at HSBC card ending 6226, "
        "confirmed by the bank. Not there? Tell us in the app."
    )


@pytest.mark.parametrize(
    ("locale", "apology"),
    [
        ("zh-CN", "原定10月13日前答复，没能做到，很抱歉。"),
        ("en", "We are sorry: we had promised this by 13 October."),
    ],
)
def test_news_after_the_promised_date_says_sorry_and_an_apology_says_it_once(
    locale: str, apology: str
) -> None:
    language, reader, brand = templates.language(locale), Reader(locale), samples.BRANDS[locale]
    for template in (Template.ARBITRATION_REFUSED, Template.DELAYED):
        facts = samples.notice(template, locale).facts
        late = Notice(template, {**facts, "missed": "2026-10-13T16:00:00+00:00"})
        is_news = template is not Template.DELAYED
        assert (apology in wording.sms(language, late, reader, brand)) == is_news
        assert (apology in wording.letter(language, late, reader, brand).more) == is_news


@pytest.mark.parametrize("locale", templates.LOCALES)
@pytest.mark.parametrize("template", Template)
def test_every_text_is_signed_by_the_brand_of_the_wallet_file(
    template: Template, locale: str
) -> None:
    language, reader = templates.language(locale), Reader(locale)
    sample, brand = samples.notice(template, locale), Brand("Northbank", "NB", "777")
    text = wording.sms(language, sample, reader, brand)
    assert text.startswith({"zh-CN": "【NB】", "en": "NB: "}[locale])
    letter = wording.letter(language, sample, reader, brand)
    assert letter.signature.endswith("Northbank")
    assert "777" in " ".join(letter.closing)


def test_names_are_escaped_in_html_and_not_in_text() -> None:
    reader = Reader("en", name="<b>Ann & Co</b>")
    language = templates.language("en")
    sample = samples.notice(Template.RECEIVED, "en")
    letter = wording.letter(language, sample, reader, Brand("AnPay", "AnPay", "1"))
    assert "Dear &lt;b&gt;Ann &amp; Co&lt;/b&gt;," in templates.layout("html").render(letter=letter)
    assert "Dear <b>Ann & Co</b>," in templates.layout("txt").render(letter=letter)


def test_a_value_with_braces_is_only_text() -> None:
    reader = Reader("en", name="{hotline}")
    sample = samples.notice(Template.RECEIVED, "en")
    letter = wording.letter(templates.language("en"), sample, reader, Brand("AnPay", "AnPay", "1"))
    assert letter.greeting == "Dear {hotline},"


def test_a_bank_named_in_another_script_does_not_turn_a_latin_sms_into_ucs2() -> None:
    facts = BARE | {"at_bank": "招商银行", "amount": "12800 CNY"}
    notice = Notice(Template.IN_TRANSIT, facts)
    text = wording.sms(templates.language("en"), notice, Reader("en"), Brand("AnPay", "AnPay", "1"))
    assert "CN¥128.00 is being processed at the receiving bank." in text


def test_ends_show_neither_a_next_step_nor_a_promise() -> None:
    body = samples.preview(Template.CREDITED, "en").body
    assert "Who acts next" not in body
    assert "You hear from us by" not in body
    assert "Who acts next: the bank" in samples.preview(Template.REFUND_SENT, "en").body


def test_a_language_file_that_names_an_unknown_value_is_found_out() -> None:
    raw = {"sms": {template: ["{refrence}"] for template in Template}}
    with pytest.raises(Incomplete, match="refrence"):
        _ = Language("xx", raw).sms


def test_a_language_file_that_misses_a_text_is_found_out() -> None:
    with pytest.raises(Incomplete, match="received"):
        _ = Language("xx", {"sms": {}}).sms


def test_a_locale_without_a_file_is_refused() -> None:
    with pytest.raises(KeyError):
        templates.language("../zh-CN")


CODES: list[tuple[str, set[str]]] = [
    ("kind", {*Kind}),
    ("matter", {code for reasons in REASONS.values() for code in reasons}),
    ("reason", {*DecisionReason}),
]


@pytest.mark.parametrize("locale", templates.LOCALES)
@pytest.mark.parametrize(("group", "codes"), CODES)
def test_every_kind_reason_and_decision_reason_has_its_words(
    locale: str, group: str, codes: set[str]
) -> None:
    words = templates.language(locale).raw["words"][group]
    assert codes <= words.keys()
    latin = {code for code in codes if not re.search(r"[\u4e00-\u9fff]", words[code])}
    assert latin == (codes if locale == "en" else set())


@pytest.mark.parametrize(
    ("locale", "reason", "cause"),
    [
        ("zh-CN", "原因：请在App查看。", "有结果：说明请在App查看。"),
        ("en", "Reason: see the app.", "Result: the explanation is in the app."),
    ],
)
def test_a_code_of_a_newer_version_still_reads(locale: str, reason: str, cause: str) -> None:
    language, reader, brand = templates.language(locale), Reader(locale), samples.BRANDS[locale]
    facts = {**BARE, "reason": "brand_new", "cause": "brand_new"}
    assert reason in wording.sms(language, Notice(Template.DECLINED, facts), reader, brand)
    assert cause in wording.sms(language, Notice(Template.EXPLAINED_OTHER, facts), reader, brand)


@pytest.mark.parametrize("locale", templates.LOCALES)
@pytest.mark.parametrize("template", [Template.UNDER_REVIEW, Template.REFERRED])
def test_where_a_law_holds_the_case_the_text_names_neither_law_nor_reason(
    locale: str, template: Template
) -> None:
    held = {**BARE, "reason": "held_by_law", "rule": "held_by_law", "matter": "court_order"}
    language, reader, brand = templates.language(locale), Reader(locale), samples.BRANDS[locale]
    letter = wording.letter(language, Notice(template, held), reader, brand)
    text = wording.sms(language, Notice(template, held), reader, brand)
    whole = text + templates.layout("txt").render(letter=letter)
    assert not re.search("法|冻结|court|law|sanction|froz|police|authorit", whole)


@pytest.mark.parametrize(
    ("locale", "police"), [("zh-CN", "110"), ("en", "report it to the police")]
)
def test_who_was_deceived_is_shown_the_police_and_who_mistyped_is_not(
    locale: str, police: str
) -> None:
    language, reader, brand = templates.language(locale), Reader(locale), samples.BRANDS[locale]
    for template in (Template.RECALLING, Template.EXPLAINED_RECALL):
        facts = {**BARE, "amount": "12800 CNY"}
        scam = Notice(template, {**facts, "matter": "scam"})
        mistyped = Notice(template, {**facts, "matter": "wrong_sum"})
        assert police in wording.sms(language, scam, reader, brand)
        assert police not in wording.sms(language, mistyped, reader, brand)


def test_an_end_with_a_compensation_names_both_sums() -> None:
    facts = {**samples.notice(Template.CREDITED, "en").facts, "compensated": "500 CNY"}
    notice = Notice(Template.CREDITED, facts)
    text = wording.sms(templates.language("en"), notice, Reader("en"), Brand("AnPay", "AnPay", "1"))
    assert text.endswith("A compensation of CN¥5.00 was paid to you as well.")
