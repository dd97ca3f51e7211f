"""What each wallet's file says, held against a table written by hand from the domain's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import rules, wallets
from shared.contracts.vocabulary import Kind
from shared.rules import BadProfile
from shared.wallets import Role, Wallet

ALL = set(Kind)
MONEY_BACK = {
    Kind.PAYMENT_FAILED,
    Kind.WRONG_AMOUNT,
    Kind.DUPLICATE_CHARGE,
    Kind.REFUND_REQUEST,
    Kind.REFUND_NOT_RECEIVED,
    Kind.GOODS_OR_SERVICE,
}
TRANSFERS = {Kind.MISSING_FUNDS, Kind.WRONG_OR_SCAM_TRANSFER}
CHAIN = {Kind.MISSING_FUNDS, Kind.UNAUTHORIZED, Kind.WRONG_OR_SCAM_TRANSFER}
STOLEN = {Kind.UNAUTHORIZED, Kind.WRONG_OR_SCAM_TRANSFER}

# wallet, what it is about, code → what the words must say, in Chinese and in English, and where
Said = tuple[list[str], list[str], set[Kind]]
TABLE: dict[str, dict[str, dict[str, Said]]] = {
    "alipay": {
        "policies": {
            "refund_window": (["商家", "合同"], ["merchant's contract"], ALL),
            "fees_kept": (["手续费一般不退"], ["Fees are normally kept"], ALL),
        },
        "promises": {
            "refund_the_way_it_was_paid": (
                ["商家同意后", "原支付方式退回", "确认到账才算"],
                ["merchant agrees", "the way it was paid", "when it has arrived"],
                MONEY_BACK,
            ),
            "asked_not_guessed": (
                ["至少等10秒", "查不到也可能稍后成功", "不会再退一次"],
                ["at least 10 seconds", "may still succeed", "not sent twice"],
                MONEY_BACK,
            ),
            "complaint_answered": (["支付宝", "由商家答复"], ["in Alipay", "answers it"], ALL),
        },
        "cannot_promise": {
            "wrong_payee_reversal": (
                ["转错", "不能承诺追回", "收款人同意"],
                ["cannot promise to reverse", "wrong payee", "has to agree"],
                TRANSFERS,
            ),
            "antom_window": (
                ["境外", "Antom", "争议期限", "合同", "不能另作承诺"],
                ["Antom", "time for a dispute", "contract", "cannot promise"],
                ALL,
            ),
            "fees_back": (
                ["手续费一般不退", "不能承诺退还"],
                ["Fees are normally kept", "cannot promise them back"],
                MONEY_BACK - {Kind.PAYMENT_FAILED},
            ),
            "filing_for_you": (
                ["不能替您在支付宝提交投诉", "外部机构无法"],
                ["cannot file", "in Alipay", "an outsider cannot file"],
                ALL,
            ),
        },
        "guidance": {},
    },
    "wechat-pay": {
        "policies": {
            "refund_window": (["1年内", "50次"], ["within 1 year", "50 parts"], ALL),
            "unfunded_seven_days": (
                ["余额不足", "7天", "关闭", "新的退款单号"],
                ["lacks the money", "7 days", "closed", "new refund number"],
                ALL,
            ),
        },
        "promises": {
            "approval_is_not_payment": (
                ["另行发起", "确认到账才"],
                ["ordered separately", "only when it has arrived"],
                MONEY_BACK,
            ),
            "dead_card": (
                ["已注销的卡", "没有丢", "本人的其他账户"],
                ["closed card", "not lost", "another account of yours"],
                MONEY_BACK,
            ),
            "progress_told": (
                ["微信支付的投诉", "商家答复", "退款进度"],
                ["complaint", "merchant answers", "how the refund goes"],
                ALL,
            ),
        },
        "cannot_promise": {
            "wechat_verdict": (
                ["判定由微信支付决定", "不能承诺"],
                ["WeChat Pay's own verdict", "cannot promise"],
                ALL,
            ),
            "freezes": (
                ["冻结", "由微信支付决定", "不能承诺"],
                ["Freezing", "up to WeChat Pay", "cannot promise"],
                {*STOLEN, Kind.BALANCE_ANOMALY, Kind.ACCESS_LOST},
            ),
            "card_timing": (
                ["银行卡", "由银行决定", "通常1至3个工作日", "不能承诺"],
                ["card", "up to its bank", "typically 1 to 3 business days", "cannot promise"],
                MONEY_BACK,
            ),
            "filing_for_you": (
                ["不能替您在微信支付提交投诉", "外部机构无法"],
                ["cannot file", "in WeChat Pay", "an outsider cannot file"],
                ALL,
            ),
        },
        "guidance": {},
    },
    "apple-pay": {
        "policies": {
            "refund_window": (
                ["商家的政策", "卡组织规则"],
                ["merchant's policy", "card network's rules"],
                ALL,
            ),
            "matched_by_reference": (
                ["ARN", "设备卡号与实体卡号不同"],
                ["ARN", "device's number differs from the card's"],
                ALL,
            ),
        },
        "promises": {
            "refund_to_the_card": (
                ["商家同意后", "收单机构退回原卡", "确认到账才算"],
                ["merchant agrees", "acquirer refunds the card", "when it has arrived"],
                MONEY_BACK,
            ),
            "never_both": (
                ["退款和拒付", "不会重复退"],
                ["refund and a chargeback", "not paid twice"],
                MONEY_BACK | {Kind.UNAUTHORIZED},
            ),
        },
        "cannot_promise": {
            "issuer_verdict": (
                ["由发卡行判定", "不能承诺"],
                ["issuer decides", "cannot promise its verdict"],
                ALL,
            ),
            "apple_cash": (["Apple Cash 不在", "范围内"], ["Apple Cash is out of scope"], ALL),
        },
        "guidance": {},
    },
    "google-pay": {
        "policies": {
            "merchant_first": (
                ["先由商家", "再由银行"],
                ["merchant comes first, then the bank"],
                ALL,
            ),
            "upi_status": (
                ["UPI", "3分钟后", "每天最多3次"],
                ["UPI", "after 3 minutes", "3 times a day"],
                ALL,
            ),
        },
        "promises": {
            "refund_to_the_card": (
                ["商家同意后", "原卡", "确认到账才算"],
                ["merchant agrees", "that paid", "when it has arrived"],
                MONEY_BACK,
            ),
            "bank_next": (
                ["商家不同意或不答复", "向银行提出"],
                ["merchant refuses or is silent", "to the bank"],
                ALL,
            ),
        },
        "cannot_promise": {
            "google_no_ruling": (
                ["Google 不裁定欺诈", "不能承诺"],
                ["Google does not rule on fraud", "cannot promise"],
                ALL,
            ),
        },
        "guidance": {},
    },
    "tokenpocket": {
        "policies": {
            "network_fee": (
                ["矿工费", "收不回来"],
                ["network's fee", "nobody can get it back"],
                ALL,
            ),
        },
        "promises": {
            "chain_is_read": (
                ["哈希", "确认数", "合约"],
                ["hash", "confirmations", "whether the recipient is a contract"],
                CHAIN,
            ),
            "explained": (["说明", "还能做什么"], ["explain", "can still be done"], ALL),
            "phrase_never_asked": (
                ["绝不会", "要助记词"],
                ["Nobody", "ever asks", "recovery phrase"],
                ALL,
            ),
        },
        "cannot_promise": {
            "no_freeze": (["不能冻结"], ["cannot freeze"], ALL),
            "no_reset": (["不能重置", "助记词"], ["cannot reset", "recovery phrase"], ALL),
            "no_reversal": (
                ["链上", "不可撤销", "不能追回"],
                ["on chain", "irreversible", "cannot reverse"],
                ALL,
            ),
            "no_refund": (["不能退款"], ["cannot refund"], ALL),
            "no_chargeback": (["没有拒付"], ["no chargeback"], ALL),
        },
        "guidance": {
            "revoke_approvals": (["撤销", "授权"], ["Revoke approvals"], STOLEN),
            "move_what_is_left": (["剩余资产转过去"], ["move what is left"], STOLEN),
            "ask_to_freeze": (
                ["报警回执", "交易所", "发行方冻结"],
                ["police report", "exchange", "issuer", "freeze"],
                STOLEN,
            ),
            "ask_the_payee": (
                ["直接联系对方", "合约"],
                ["ask them directly", "contract"],
                TRANSFERS,
            ),
            "restore_with_phrase": (
                ["您自己保存的助记词", "恢复"],
                ["Restore", "recovery phrase you kept"],
                {Kind.ACCESS_LOST},
            ),
            "never_share_phrase": (
                ["不要", "助记词", "告诉任何人", "包括客服"],
                ["Never tell anybody", "recovery phrase", "not even support"],
                ALL,
            ),
        },
    },
}
TEXTS = [
    pytest.param(wallet, part, code, *said, id=f"{wallet}-{part}-{code}")
    for wallet, parts in TABLE.items()
    for part, codes in parts.items()
    for code, said in codes.items()
]

# wallet: operator's role, rules, rail, who pays
HEADS = {
    "alipay": (Role.MERCHANT_PSP, "cn-nonbank", "alipay", ["merchant"]),
    "wechat-pay": (Role.MERCHANT_PSP, "wechat-pay", "wechat_pay", ["merchant_account"]),
    "apple-pay": (Role.MERCHANT_PSP, "card-network", "card", ["merchant", "acquirer"]),
    "google-pay": (Role.CARD_ISSUER, "card-network", "card", ["merchant", "issuer", "upi_rules"]),
    "tokenpocket": (Role.SELF_CUSTODY, "self-custody", "node", ["nobody"]),
    "demo": (Role.ISSUER_WALLET, "demo", "bank", ["merchant", "bank"]),
}
# what no text may be signed with, whoever's the wallet is
MARKS = ("支付宝", "微信", "Alipay", "WeChat", "Weixin", "Apple", "Google", "TokenPocket")


@pytest.mark.parametrize(("wallet", "part", "code", "zh", "en", "kinds"), TEXTS)
def test_a_text_says_what_the_domain_says(
    wallet: str, part: str, code: str, zh: list[str], en: list[str], kinds: set[Kind]
) -> None:
    said = {each.code: each for each in getattr(wallets.load(wallet), part)}[code]
    assert [words for words in zh if words not in said.words["zh-CN"]] == []
    assert [words for words in en if words not in said.words["en"]] == []
    assert {kind for kind in Kind if said.concerns(kind)} == kinds


@pytest.mark.parametrize("wallet", TABLE)
def test_nothing_else_is_said(wallet: str) -> None:
    found = wallets.load(wallet)
    for part, codes in TABLE[wallet].items():
        assert [each.code for each in getattr(found, part)] == list(codes)


@pytest.mark.parametrize("wallet", HEADS)
def test_who_runs_it_and_who_pays(wallet: str) -> None:
    found, (role, profile, rail, payers) = wallets.load(wallet), HEADS[wallet]
    assert (found.name, found.version, found.role) == (wallet, 1, role)
    assert (found.rules, found.rail) == (profile, rail)
    assert list(found.pays["default"]) == payers
    assert rules.load(found.rules).self_custody is found.is_self_custody


def test_who_pays_by_kind() -> None:
    google = wallets.load("google-pay")
    assert list(google.payers(Kind.REFUND_REQUEST)) == ["merchant"]
    assert list(google.payers(Kind.UNAUTHORIZED)) == ["merchant", "issuer", "upi_rules"]
    tokenpocket = wallets.load("tokenpocket")
    assert [list(tokenpocket.payers(kind)) for kind in Kind] == [["nobody"]] * len(Kind)


@pytest.mark.parametrize("wallet", HEADS)
def test_texts_are_signed_as_the_operator(wallet: str) -> None:
    found = wallets.load(wallet)
    signed = [found.brand.zh, found.brand.en, found.sms_signature.zh, found.sms_signature.en]
    assert [
        (own, mark) for own in signed for mark in MARKS if mark.casefold() in own.casefold()
    ] == []
    assert found.is_sample
    assert found.hotline.startswith("400-000-000")  # nobody's number


def test_wechats_refunds_end_after_a_year_and_fifty_parts() -> None:
    assert wallets.load("wechat-pay").refunds == wallets.Refunds(within_days=365, parts=50)
    assert wallets.load("alipay").refunds == wallets.Refunds()  # the contract says it


def test_every_kind_can_be_opened_but_on_a_chain() -> None:
    for name in ("alipay", "wechat-pay", "apple-pay", "google-pay", "demo"):
        found = wallets.load(name)
        assert (set(found.kinds), found.not_offered) == (ALL, ())
    tokenpocket = wallets.load("tokenpocket")
    assert set(tokenpocket.kinds) == {*CHAIN, Kind.ACCESS_LOST, Kind.COMPLAINT}
    for kind, zh, en in (
        (Kind.PAYMENT_FAILED, "missing_funds", "missing_funds"),
        (Kind.REFUND_REQUEST, "联系收款方", "payee directly"),
        (Kind.BALANCE_ANOMALY, "unauthorized", "unauthorized"),
    ):
        said = tokenpocket.why_not(kind)
        assert said is not None
        assert zh in said.instead.zh
        assert en in said.instead.en
    assert tokenpocket.why_not(Kind.MISSING_FUNDS) is None


def test_nothing_on_a_chain_promises_money() -> None:
    """What denies a refund may name it; what can be promised or done may not."""
    found = wallets.load("tokenpocket")
    offered = [*found.promises, *found.guidance, *found.policies]
    for words in [each.words for each in offered] + [row.instead for row in found.not_offered]:
        assert not [term for term in ("退款", "退还", "赔", "补偿", "拒付") if term in words.zh]
        said = words.en.casefold()
        assert not [
            term for term in ("refund", "reimburs", "compensat", "chargeback") if term in said
        ]
    for each in found.cannot_promise:
        assert "不" in each.words.zh or "没有" in each.words.zh
        assert "cannot" in each.words.en or "no chargeback" in each.words.en


# --- an operator's own


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "wallets" / "archive").mkdir(parents=True)
    rules.look_in(tmp_path)
    yield tmp_path / "wallets"
    rules.look_in(None)


def written(folder: Path, text: str, name: str = "mine") -> Wallet:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return wallets.load(name)


SIGNED = """
brand = { zh = "江南商服", en = "Jiangnan" }
sms_signature = { zh = "江南", en = "Jiangnan" }
hotline = "400-123-4567"
"""
MINE = 'version = 3\ninherits = "alipay"\n' + SIGNED


def test_an_operators_file_inherits_and_overrides(own: Path) -> None:
    found = written(
        own,
        MINE
        + """
[[cannot_promise]]
code = "fees_back"
zh = "手续费不退。"
en = "Fees are kept."
[[promises]]
code = "weekend"
zh = "周末也答复。"
en = "Answers on weekends too."
""",
    )
    assert (found.name, found.version, found.is_sample) == ("mine", 3, False)
    assert (found.brand["zh-CN"], found.sms_signature["zh-CN"]) == ("江南商服", "江南")
    assert (found.names.zh, found.rules, found.rail) == ("支付宝", "cn-nonbank", "alipay")
    said = {each.code: each.words.en for each in found.cannot_promise}
    assert list(said) == ["wrong_payee_reversal", "antom_window", "fees_back", "filing_for_you"]
    assert said["fees_back"] == "Fees are kept."
    assert [each.code for each in found.promises][-1] == "weekend"


def test_an_operators_file_may_bear_the_shipped_name(own: Path) -> None:
    found = written(own, MINE, "alipay")
    assert (found.version, found.brand.en, found.names.en) == (3, "Jiangnan", "Alipay")
    assert next(each.code for each in found.cannot_promise) == "wrong_payee_reversal"


@pytest.mark.parametrize("key", ["brand", "sms_signature", "hotline"])
def test_whoever_leaves_a_sample_signs_with_it(own: Path, key: str) -> None:
    lines = [line for line in MINE.splitlines() if not line.startswith(key)]
    assert written(own, "\n".join(lines)).is_sample


def test_a_version_that_was_in_use_is_found(own: Path) -> None:
    written(own, MINE)
    text = MINE.replace("version = 3", "version = 2").replace("400-123-4567", "400-765-4321")
    (own / "archive" / "mine@2.toml").write_text(text, encoding="utf-8")
    assert wallets.load("mine", 2).hotline == "400-765-4321"
    assert wallets.load("mine", 2).name == "mine"
    assert wallets.load("mine").hotline == "400-123-4567"
    assert wallets.opened_under("mine", 1).version == 3  # not kept: the newest
    with pytest.raises(BadProfile, match=r"^REDRESS_WALLET: no wallet 'mine@1'; use one of: "):
        wallets.load("mine", 1)


def test_two_files_do_not_inherit_from_each_other(own: Path) -> None:
    (own / "hers.toml").write_text(MINE.replace("alipay", "mine"), encoding="utf-8")
    with pytest.raises(BadProfile, match=r"^hers.toml, inherits: no other wallet 'mine'; use one"):
        written(own, MINE.replace("alipay", "hers"))


BAD = [
    ('inherits = "alipay"', "mine.toml, version: None is no whole number from 1 on; give one"),
    (
        'version = 1\ninherits = "nobody"',
        "mine.toml, inherits: no other wallet 'nobody'; use one of: ",
    ),
    ('version = 1\ninherits = "mine"', "mine.toml, inherits: no other wallet 'mine'; use one of: "),
    ("version = 1", "mine.toml, names: missing; give names = { zh = "),
    (MINE + 'colour = "red"', "mine.toml, colour: unknown; use any of: brand, cannot_promise, "),
    (
        MINE + 'operator_role = "king"',
        "mine.toml, operator_role: 'king' is not a valid Role; use one of: ",
    ),
    (
        MINE + 'locales = ["fr"]',
        "mine.toml, locales: ['fr'] is no order of zh-CN, en; give locales",
    ),
    (MINE + 'rules = "none"', "mine.toml, rules: no rule profile 'none'; name a file of the rules"),
    (
        MINE + 'rail = "A B"',
        "mine.toml, rail: 'A B' is no code in small letters; name the interface",
    ),
    (MINE + 'kinds = ["theft"]', "mine.toml, kinds: ['theft'] is no list of kinds; give any of: "),
    (
        MINE + 'kinds = ["complaint"]',
        "mine.toml, kinds: payment_failed is neither in kinds nor explained, or both; name it",
    ),
    (MINE + "[pays]\nunauthorized = []", "mine.toml, pays: no default; give [pays] with default"),
    (
        MINE + '[pays]\ndefault = ["me"]',
        "mine.toml, pays: ['me'] is no list of who pays; give [pays]",
    ),
    (
        MINE + "[refunds]\nparts = 0",
        "mine.toml, refunds: counts from 1 on; give within_days and parts",
    ),
    (
        MINE + '[[promises]]\ncode = "x"\nzh = "好"',
        "mine.toml, promises.x: en is no text of 1 to 200 characters; give code, zh, en",
    ),
    (
        MINE + '[[promises]]\ncode = "x"\nzh = "好"\nen = "y"\nwhen = 1',
        "mine.toml, promises.x.when: unknown; give code, zh, en",
    ),
    (
        MINE + '[[promises]]\ncode = "x"\nzh = "好"\nen = "y"\n' * 2,
        "mine.toml, promises.x: stands twice; give each code once",
    ),
    (
        MINE.replace("江南商服", "支付宝客服"),
        "mine.toml, brand: is the name of the wallet itself; sign with the operator's own name",
    ),
    (
        MINE.replace('{ zh = "江南", en = "Jiangnan" }', '{ zh = "江南", en = "ALI PAY" }'),
        "mine.toml, sms_signature: is the name of the wallet itself; sign with",
    ),
    (
        MINE.replace("400-123-4567", "call us"),
        "mine.toml, hotline: 'call us' is no number to call; ",
    ),
    ("version = ", "mine.toml: Invalid value "),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_file_is_refused_with_file_key_and_remedy(own: Path, text: str, said: str) -> None:
    with pytest.raises(BadProfile) as raised:
        written(own, text)
    assert str(raised.value).startswith(said)
