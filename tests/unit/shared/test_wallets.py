"""What the shipped wallets say, against a table by hand of what their interfaces allow."""

import re

import pytest

from shared import rules, wallets
from shared.contracts.vocabulary import Kind
from shared.wallets import Bearer, Role, Said, Wallet

FIVE = ("alipay", "wechat-pay", "apple-pay", "google-pay", "tokenpocket")
ALL = (*FIVE, "demo")

# name: operator's role, rules, first language
HEADS = {
    "alipay": ("merchant_psp", "cn-nonbank", "zh-CN"),
    "wechat-pay": ("merchant_psp", "wechat-pay", "zh-CN"),
    "apple-pay": ("merchant_psp", "card-network", "en"),
    "google-pay": ("merchant_psp", "card-network", "en"),
    "tokenpocket": ("self_custody", "self-custody", "zh-CN"),
    "demo": ("issuer_wallet", "demo", "zh-CN"),
}
CHANGED = {"wechat-pay": 2}  # the others are in their first version
RAILS = {
    "alipay": "alipay-open",
    "wechat-pay": "wechat-pay-v3",
    "apple-pay": "card-acquirer",
    "google-pay": "card-psp",
    "tokenpocket": "node",
    "demo": "bank",
}
PAYERS = {
    "alipay": ["merchant"],
    "wechat-pay": ["merchant"],
    "apple-pay": ["merchant", "acquirer"],
    "google-pay": ["merchant", "issuer", "upi_rules"],
    "tokenpocket": ["nobody"],
    "demo": ["merchant"],
}
# wallet, code, what the Chinese must say, what the English must say
CANNOT = [
    ("alipay", "wrong_payee_reversal", ["转错", "不能", "收款人同意"], ["wrong payee", "cannot"]),
    ("alipay", "antom_window", ["Antom", "合同", "不能"], ["Antom", "contract", "cannot"]),
    (
        "alipay",
        "fees_returned",
        ["手续费一般不退", "不能保证"],
        ["normally kept", "cannot promise"],
    ),
    ("wechat-pay", "platform_verdict", ["微信支付决定", "不能"], ["WeChat Pay decides", "cannot"]),
    ("wechat-pay", "freezes", ["冻结", "微信支付", "不能"], ["WeChat Pay", "neither"]),
    (
        "wechat-pay",
        "card_timing",
        ["银行卡", "1至3个工作日", "不能保证"],
        ["card", "1 to 3 business days", "cannot promise"],
    ),
    ("apple-pay", "issuer_verdict", ["发卡行", "不能保证"], ["issuer", "cannot promise"]),
    ("apple-pay", "apple_cash", ["Apple Cash", "不在"], ["Apple Cash", "out of scope"]),
    ("google-pay", "google_ruling", ["Google", "不裁定欺诈"], ["Google does not rule on fraud"]),
    ("google-pay", "issuer_verdict", ["发卡行", "不能保证"], ["issuer", "cannot promise"]),
    ("tokenpocket", "irreversible", ["不可逆转", "不能"], ["irreversible", "cannot"]),
    ("tokenpocket", "no_reversal", ["不能撤销"], ["cannot reverse"]),
    ("tokenpocket", "no_refund", ["不能退款"], ["cannot refund"]),
    ("tokenpocket", "no_chargeback", ["不能拒付"], ["cannot be charged back"]),
    ("tokenpocket", "no_freeze", ["不能冻结"], ["cannot freeze"]),
    ("tokenpocket", "no_reset", ["助记词", "没有人能重置"], ["phrase", "nobody can reset"]),
    ("demo", "recipients_consent", ["收款人", "不能保证"], ["recipient", "cannot promise"]),
    ("demo", "bank_timing", ["银行", "不能保证"], ["bank", "cannot promise"]),
]
_DATED = ("dated_answer", ["答复日期"], ["has a date"])
_REVIEW = ("reason_and_review", ["理由", "一次复核"], ["why", "one review"])
_ARRIVED = ("refunded_means_arrived", ["确认到账后"], ["only once that is confirmed"])
_SECRETS = ("no_secrets", ["不会", "密码", "验证码"], ["never ask", "password", "code"])
_OF_A_BANK = (_DATED, _REVIEW, _ARRIVED, _SECRETS)
PROMISES = [
    *((name, *said) for name in ALL if name != "tokenpocket" for said in _OF_A_BANK),
    ("tokenpocket", *_DATED),
    ("tokenpocket", "reads_the_chain", ["哈希", "确认数", "合约"], ["hash", "confirmations"]),
    ("tokenpocket", "explains_what_remains", ["还能做什么"], ["what you can still do"]),
    ("tokenpocket", "never_asks_phrase", ["绝不会", "助记词"], ["never ask", "recovery phrase"]),
]
_BETTER_OF_TWO = ("refund_window", ["较晚的一个"], ["later of our rule and the merchant's"])
_KEPT = ("fees", ["手续费一般不退"], ["Fees are normally kept"])
POLICIES = [
    ("alipay", *_BETTER_OF_TWO),
    ("alipay", "refund_terms", ["10秒", "不会重复"], ["10 seconds", "never sent twice"]),
    ("alipay", *_KEPT),
    ("alipay", "complaints", ["由您在支付宝", "不能代您"], ["in Alipay", "cannot file"]),
    ("wechat-pay", "refund_window", ["1年", "50次"], ["1 year", "50 parts"]),
    ("wechat-pay", "refund_terms", ["同意不动钱", "7天"], ["Agreeing moves no money", "7 days"]),
    ("wechat-pay", "fees", ["微信支付的约定"], ["contract with WeChat Pay"]),
    ("wechat-pay", "complaints", ["由您在微信", "不能代您"], ["in WeChat", "cannot file"]),
    ("wechat-pay", "dead_card", ["注销", "没有丢"], ["closed", "not lost"]),
    ("apple-pay", *_BETTER_OF_TWO),
    ("apple-pay", "refund_terms", ["商家先", "发卡行"], ["merchant is asked first", "issuer"]),
    ("apple-pay", *_KEPT),
    ("apple-pay", "matching", ["不同", "ARN"], ["differs", "PSP's reference", "ARN"]),
    ("google-pay", *_BETTER_OF_TWO),
    ("google-pay", "refund_terms", ["先找商家，再找银行"], ["asked first, then the bank"]),
    ("google-pay", *_KEPT),
    ("google-pay", "upi", ["3分钟", "每天最多3次"], ["3 minutes", "3 times a day"]),
    ("tokenpocket", "refund_window", ["没有退款期限", "不能退款"], ["no refund window", "cannot"]),
    ("tokenpocket", "refund_terms", ["没有转走资产"], ["moved no assets"]),
    ("tokenpocket", "fees", ["矿工费", "不能退还"], ["gas", "cannot be returned"]),
    ("demo", *_BETTER_OF_TWO),
    ("demo", "refund_terms", ["特别同意"], ["ask the merchant to agree"]),
    ("demo", *_KEPT),
]
GUIDANCE = [
    ("tokenpocket", "explain", ["交易哈希", "确认数"], ["hash", "confirmations"]),
    ("tokenpocket", "revoke_approvals", ["撤销", "授权"], ["Revoke", "approvals"]),
    ("tokenpocket", "move_what_is_left", ["剩下的资产转"], ["move what is left"]),
    (
        "tokenpocket",
        "ask_exchange_or_issuer",
        ["报警回执", "交易所", "发行方冻结", "由它们决定"],
        ["police", "exchange", "issuer", "freeze", "theirs to decide"],
    ),
    ("tokenpocket", "find_your_backup", ["自己备份"], ["your own backup"]),
    ("tokenpocket", "never_share_phrase", ["不要", "助记词", "客服"], ["nobody", "not even our"]),
]
TABLES = {
    "cannot_promise": CANNOT,
    "promises": PROMISES,
    "policies": POLICIES,
    "guidance": GUIDANCE,
}
ROWS = [(section, *row) for section, rows in TABLES.items() for row in rows]
# Names that are nobody's to sign with who runs Redress.
WALLETS_OWN = re.compile(
    "支付宝|alipay|微信|wechat|apple|苹果|google|谷歌|token ?pocket", re.IGNORECASE
)
NO = re.compile("不能|没有|不会|绝不|no refund|cannot|nothing|nobody|never|moved no", re.IGNORECASE)
MONEY_BACK = re.compile(
    "退款|退还|退回|垫付|追回|找回|refund|reimburse|compensat|(money|assets|it|them) back",
    re.IGNORECASE,
)


def said(wallet: Wallet, section: str) -> dict[str, Said]:
    return {one.code: one for one in getattr(wallet, section)}


@pytest.mark.parametrize(("section", "name", "code", "zh", "en"), ROWS)
def test_a_wallet_says_what_is_true_of_it(
    section: str, name: str, code: str, zh: list[str], en: list[str]
) -> None:
    text = said(wallets.load(name), section)[code].text
    assert [part for part in zh if part not in text.zh] == []
    assert [part for part in en if part not in text.en] == []


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("section", TABLES)
def test_and_nothing_else(name: str, section: str) -> None:
    known = {row[1] for row in TABLES[section] if row[0] == name}
    assert said(wallets.load(name), section).keys() == known


@pytest.mark.parametrize("name", ALL)
def test_who_runs_it_by_which_rules_and_who_pays(name: str) -> None:
    wallet = wallets.load(name)
    assert (wallet.role, wallet.rules, wallet.locales[0]) == HEADS[name]
    assert wallet.rail == RAILS[name]
    assert list(wallet.who_pays_by_default.bearers) == PAYERS[name]
    assert rules.load(wallet.rules).self_custody == (name == "tokenpocket")
    assert wallet.version == CHANGED.get(name, 1)
    assert [wallets.load(name, n).version for n in range(1, wallet.version)] == list(
        range(1, wallet.version)
    )


@pytest.mark.parametrize("name", ALL)
def test_texts_are_signed_by_the_operator_never_by_the_wallet(name: str) -> None:
    wallet = wallets.load(name)
    for text in (wallet.brand, wallet.signature):
        assert not WALLETS_OWN.search(text.zh + text.en)
    assert wallet.hotline == "400-000-0000"  # made up: an operator has to set its own


@pytest.mark.parametrize("name", [name for name in ALL if name != "tokenpocket"])
def test_who_pays_by_the_kind_of_case(name: str) -> None:
    wallet = wallets.load(name)
    found = {kind: wallet.who_pays(kind) for kind in Kind}
    assert found[Kind.ACCESS_LOST] is None
    assert found[Kind.COMPLAINT] is None
    given = {
        Kind.MISSING_FUNDS: Bearer.LIABLE_PARTY,
        Kind.WRONG_OR_SCAM_TRANSFER: Bearer.RECIPIENT,
        Kind.BALANCE_ANOMALY: Bearer.OPERATOR,
    }
    for kind, bearer in given.items():
        payers = found[kind]
        assert payers
        assert payers.bearers == (bearer,)
    refund = found[Kind.REFUND_REQUEST]
    assert refund
    assert list(refund.bearers) == PAYERS[name]
    assert wallet.kinds == set(Kind)


def test_nobody_pays_for_what_a_chain_has_confirmed() -> None:
    wallet = wallets.load("tokenpocket")
    payers = [pays for kind in Kind if (pays := wallet.who_pays(kind))]
    assert {bearer for pays in payers for bearer in pays.bearers} == {Bearer.NOBODY}
    assert wallet.role is Role.SELF_CUSTODY
    assert wallet.kinds == {
        "missing_funds",
        "unauthorized",
        "wrong_or_scam_transfer",
        "access_lost",
        "complaint",
    }


def test_no_text_of_self_custody_promises_money_back() -> None:
    wallet = wallets.load("tokenpocket")
    told = [one.text for section in TABLES for one in said(wallet, section).values()]
    told.append(wallet.who_pays_by_default.text)
    spoken = [text for pair in told for text in (pair.zh, pair.en)]
    assert [text for text in spoken if MONEY_BACK.search(text) and not NO.search(text)] == []
    assert [
        one.code for one in wallet.promises if MONEY_BACK.search(one.text.zh + one.text.en)
    ] == []


def test_what_cannot_be_promised_is_told_where_it_matters() -> None:
    wallet = wallets.load("tokenpocket")

    def told(kind: Kind) -> set[str]:
        return {one.code for one in wallet.cannot_promise if one.concerns(kind)}

    assert told(Kind.ACCESS_LOST) == {"irreversible", "no_reset"}
    assert told(Kind.MISSING_FUNDS) == {"irreversible", "no_reversal", "no_refund", "no_chargeback"}
    theft = told(Kind.MISSING_FUNDS) | {"no_freeze", "no_reset"}
    assert told(Kind.UNAUTHORIZED) == theft
    alipay = wallets.load("alipay")
    astray = [s.code for s in alipay.cannot_promise if s.concerns(Kind.WRONG_OR_SCAM_TRANSFER)]
    assert astray == ["wrong_payee_reversal", "fees_returned"]


# wallet, whose turn it is to pay, what the Chinese must say, what the English must say
_FOUND_LIABLE = ("missing_funds", ["查明有责任的一方"], ["whoever is found liable"])
_IF_THEY_AGREE = ("wrong_or_scam_transfer", ["收款人同意后"], ["recipient has to agree"])
_OUR_BOOKS = ("balance_anomaly", ["我们记账有误", "我们更正"], ["our books are wrong"])
_OF_MONEY = (_FOUND_LIABLE, _IF_THEY_AGREE, _OUR_BOOKS)
WHO_PAYS = [
    *((name, *row) for name in ALL if name != "tokenpocket" for row in _OF_MONEY),
    ("alipay", "refund_request", ["商家出"], ["The merchant pays"]),
    ("wechat-pay", "refund_request", ["商家的账户"], ["the merchant's account"]),
    ("apple-pay", "refund_request", ["商家出", "收单机构"], ["merchant pays", "acquirer"]),
    (
        "google-pay",
        "refund_request",
        ["先由商家", "发卡行", "UPI规则"],
        ["merchant", "issuer", "UPI"],
    ),
    ("demo", "refund_request", ["商家出"], ["The merchant pays"]),
    (
        "demo",
        "unauthorized",
        ["除非查明是您的责任", "我们全额"],
        ["Unless", "your fault", "we pay in"],
    ),
    ("tokenpocket", "unauthorized", ["没有人", "链上"], ["does not hold", "nobody pays"]),
    ("tokenpocket", "missing_funds", ["没有人", "链上"], ["does not hold", "nobody pays"]),
]
CHAIN = {"missing_funds", "unauthorized", "wrong_or_scam_transfer"}
THEFT = {"unauthorized", "wrong_or_scam_transfer"}
# What is told in some kinds of disputes only; all else is told in every kind.
KINDS: dict[tuple[str, str], set[str]] = {
    ("alipay", "wrong_payee_reversal"): {"wrong_or_scam_transfer"},
    ("alipay", "antom_window"): {"refund_request", "goods_or_service"},
    ("wechat-pay", "freezes"): THEFT | {"access_lost", "balance_anomaly"},
    ("demo", "recipients_consent"): {"wrong_or_scam_transfer"},
    ("tokenpocket", "no_reversal"): CHAIN,
    ("tokenpocket", "no_refund"): CHAIN,
    ("tokenpocket", "no_chargeback"): CHAIN,
    ("tokenpocket", "no_freeze"): THEFT,
    ("tokenpocket", "no_reset"): {"unauthorized", "access_lost"},
    ("tokenpocket", "revoke_approvals"): THEFT,
    ("tokenpocket", "move_what_is_left"): THEFT,
    ("tokenpocket", "ask_exchange_or_issuer"): THEFT,
    ("tokenpocket", "find_your_backup"): {"access_lost"},
}
CHINESE = re.compile("[\u4e00-\u9fff]")
# Of whoever reads it, or of what is his: a phrase, a password, a code.
ASKED_FOR = re.compile(
    "(请|把).{0,12}(发给|提供给|告诉|交给)我们|(send|give|tell|show) us", re.IGNORECASE
)


@pytest.mark.parametrize(("name", "kind", "zh", "en"), WHO_PAYS)
def test_a_wallet_says_in_words_who_pays(
    name: str, kind: str, zh: list[str], en: list[str]
) -> None:
    pays = wallets.load(name).who_pays(Kind(kind))
    assert pays
    assert [part for part in zh if part not in pays.text.zh] == []
    assert [part for part in en if part not in pays.text.en] == []


def test_only_the_issuers_own_wallet_pays_for_a_theft_itself() -> None:
    payers = {name: wallets.load(name).who_pays(Kind.UNAUTHORIZED) for name in ALL}
    first = {name: pays.bearers[0] for name, pays in payers.items() if pays}
    of_a_merchant = dict.fromkeys(("alipay", "wechat-pay", "apple-pay", "google-pay"), "merchant")
    assert first == of_a_merchant | {"tokenpocket": "nobody", "demo": "operator"}


@pytest.mark.parametrize("name", ALL)
def test_each_thing_is_told_in_the_kinds_that_it_concerns(name: str) -> None:
    told = [one for section in TABLES for one in said(wallets.load(name), section).values()]
    limited = {(name, one.code): one.kinds for one in told if one.kinds}
    assert limited == {key: kinds for key, kinds in KINDS.items() if key[0] == name}


@pytest.mark.parametrize("name", ALL)
def test_chinese_is_chinese_and_english_is_english(name: str) -> None:
    wallet = wallets.load(name)
    told = [one.text for section in TABLES for one in said(wallet, section).values()]
    told += [pays.text for kind in Kind if (pays := wallet.who_pays(kind))]
    assert [text.zh for text in told if not CHINESE.search(text.zh)] == []
    assert [text.en for text in told if CHINESE.search(text.en)] == []


@pytest.mark.parametrize("name", ALL)
def test_nobody_is_asked_for_a_secret(name: str) -> None:
    wallet = wallets.load(name)
    told = [one.text for section in TABLES for one in said(wallet, section).values()]
    spoken = [text for pair in told for text in (pair.zh, pair.en)]
    assert [text for text in spoken if ASKED_FOR.search(text)] == []
