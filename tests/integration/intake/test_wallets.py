"""Whose wallet it is, over HTTP: what it takes, who pays, what it cannot promise."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared import rules
from tests.integration.intake.world import World

SHIPPED = Path(rules.__file__).parents[1] / "wallets"


@pytest.fixture
def world(database: Callable[[str], str], tmp_path: Path) -> World:
    return World(database("intake"), tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "own" / "wallets"
    (place / "archive").mkdir(parents=True)
    rules.look_in(place.parent)
    yield place
    rules.look_in(None)


@pytest.mark.parametrize(
    ("name", "role", "payers", "cannot"),
    [
        ("alipay", "merchant_psp", ["merchant"], "须收款人同意退还"),
        ("wechat-pay", "merchant_psp", ["merchant"], "由微信支付决定"),
        ("apple-pay", "merchant_psp", ["merchant", "acquirer"], "Apple Cash 不在我们受理的范围内"),
        ("google-pay", "merchant_psp", ["merchant", "issuer", "upi_rules"], "Google 不裁定欺诈"),
        ("tokenpocket", "self_custody", ["nobody"], "不可逆转"),
    ],
)
async def test_anybody_may_read_whose_wallet_it_is(
    world: World, name: str, role: str, payers: list[str], cannot: str
) -> None:
    async with world.instance(redress_wallet=name, redress_profile=None) as instance:
        answer = await instance.api.get("/v1/wallet")  # no token
    assert answer.status == 200
    told = answer.json()
    newest = 2 if name == "wechat-pay" else 1
    assert (told["wallet"], told["version"], told["operator_role"]) == (name, newest, role)
    assert told["hotline"] == "400-000-0000"
    assert told["operator"] == {"zh-CN": "安付宝", "en": "AnPay"}
    default = next(row for row in told["who_pays"] if "unauthorized" in row["kinds"])
    assert default["bearers"] == payers
    assert cannot in "".join(said["text"]["zh-CN"] for said in told["cannot_promise"])
    for section in ("policies", "promises", "cannot_promise"):
        assert told[section]
        assert all(set(said["text"]) == {"zh-CN", "en"} for said in told[section])


async def test_a_dispute_says_who_pays_and_what_cannot_be_promised(world: World) -> None:
    transfer = {"kind": "wrong_or_scam_transfer", "reason": "wrong_payee"}
    async with world.instance(redress_wallet="alipay") as instance:
        opened = await instance.open(transfer)
        path = opened.headers["Location"]
        english = (await instance.get(path)).json()["terms"]
        chinese = (await instance.get(path, **{"Accept-Language": ""})).json()[
            "terms"
        ]  # the wallet's own language
        login = (await instance.open({"kind": "access_lost", "reason": "new_phone"})).headers
        about_login = (await instance.get(login["Location"])).json()["terms"]
    assert (english["wallet"], english["wallet_version"]) == ("alipay", 1)
    assert english["who_pays"] == ["recipient"]
    assert english["who_pays_text"] == "The recipient has to agree to give it back."
    assert [said["code"] for said in english["cannot_promise"]] == [
        "wrong_payee_reversal",
        "fees_returned",
    ]
    assert english["cannot_promise"][0]["text"].startswith("Money sent to a wrong payee cannot be")
    assert chinese["who_pays_text"] == "收款人同意后才能退回。"
    assert (about_login["who_pays"], about_login["who_pays_text"]) == ([], None)


async def test_the_tracker_hears_in_which_wallet_it_was_opened(world: World) -> None:
    async with world.instance(redress_wallet="wechat-pay") as instance:
        assert (await instance.open({"kind": "complaint", "reason": "slow"})).status == 202
    rows = await world.query("SELECT opening FROM disputes")
    assert '"wallet":"wechat-pay","wallet_version":2' in rows[0][0].replace(" ", "")


async def test_a_dispute_keeps_the_words_it_was_opened_under(world: World, folder: Path) -> None:
    file = folder / "ours.toml"
    text = (SHIPPED / "demo.toml").read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    paid = {"kind": "refund_request", "reason": "cancelled"}
    async with world.instance(redress_wallet="ours") as instance:
        path = (await instance.open(paid)).headers["Location"]
    shutil.move(file, folder / "archive" / "ours@1.toml")
    newer = text.replace("version = 1", "version = 2").replace("The merchant pays", "Nobody pays")
    file.write_text(newer, encoding="utf-8")
    rules.look_in(folder.parent)  # as a new process would
    async with world.instance(redress_wallet="ours") as instance:
        told = (await instance.get(path)).json()["terms"]
        today = (await instance.api.get("/v1/wallet")).json()
    assert (told["wallet_version"], told["who_pays_text"]) == (1, "The merchant pays a refund.")
    assert today["version"] == 2


async def test_a_file_that_was_taken_away_leaves_todays_words(world: World, folder: Path) -> None:
    file = folder / "ours.toml"
    file.write_text((SHIPPED / "demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    paid = {"kind": "refund_request", "reason": "cancelled"}
    async with world.instance(redress_wallet="ours") as instance:
        path = (await instance.open(paid)).headers["Location"]
    file.unlink()
    rules.look_in(folder.parent)
    async with world.instance(redress_wallet="wechat-pay", redress_profile=None) as instance:
        told = (await instance.get(path)).json()["terms"]
    assert (told["wallet"], told["wallet_version"]) == ("wechat-pay", 2)
    assert told["who_pays_text"] == "A refund is paid from the merchant's account."


async def test_each_kind_of_money_has_its_payer_and_each_thing_its_kinds(world: World) -> None:
    async with world.instance(redress_wallet="demo") as instance:
        told = (await instance.api.get("/v1/wallet")).json()
    payers = {kind: row["bearers"] for row in told["who_pays"] for kind in row["kinds"]}
    own = {
        "missing_funds": ["liable_party"],
        "unauthorized": ["operator"],
        "wrong_or_scam_transfer": ["recipient"],
        "balance_anomaly": ["operator"],
    }
    assert {kind: payers[kind] for kind in own} == own
    assert payers.keys() - own.keys() == {
        "payment_failed",
        "wrong_amount",
        "duplicate_charge",
        "refund_request",
        "refund_not_received",
        "goods_or_service",
    }
    assert payers["refund_request"] == payers["goods_or_service"] == ["merchant"]
    assert told["promises"][0]["code"] == "dated_answer"
    limits = {said["code"]: said["kinds"] for said in told["cannot_promise"]}
    assert limits == {"recipients_consent": ["wrong_or_scam_transfer"], "bank_timing": []}
    assert told["name"] == {"zh-CN": "演示钱包", "en": "Demo Wallet"}


SELF_CUSTODY = {
    "access_lost",
    "complaint",
    "missing_funds",
    "unauthorized",
    "wrong_or_scam_transfer",
}


async def test_a_wallet_of_keys_takes_only_what_makes_sense_without_a_bank(world: World) -> None:
    async with world.instance(redress_wallet="tokenpocket", redress_profile=None) as instance:
        listed = (await instance.get("/v1/kinds")).json()["kinds"]
        for kind, reason in (
            ("refund_request", "changed_mind"),
            ("balance_anomaly", "less"),
            ("duplicate_charge", "retry_charged"),
        ):
            refused = await instance.open({"kind": kind, "reason": reason})
            (problem,) = refused.json()["errors"]
            assert (refused.status, problem["field"]) == (422, "kind")
            assert problem["problem"] == f"this wallet has nothing that could decide {kind}"
            assert problem["remedy"] == (
                "Use one of: access_lost, complaint, missing_funds, unauthorized, "
                "wrong_or_scam_transfer; GET /v1/wallet tells what else can be done"
            )
    assert {kind["kind"] for kind in listed} == SELF_CUSTODY
    assert await world.count("disputes") == 0


async def test_and_tells_what_the_customer_can_do(world: World) -> None:
    theft = {"kind": "unauthorized", "reason": "not_me"}
    async with world.instance(redress_wallet="tokenpocket", redress_profile=None) as instance:
        path = (await instance.open(theft)).headers["Location"]
        told = (await instance.get(path)).json()["terms"]
    assert told["who_pays"] == ["nobody"]
    assert [said["code"] for said in told["guidance"]] == [
        "explain",
        "revoke_approvals",
        "move_what_is_left",
        "ask_exchange_or_issuer",
        "never_share_phrase",
    ]
    assert {"no_refund", "no_freeze", "no_chargeback"} <= {
        said["code"] for said in told["cannot_promise"]
    }


async def test_an_asset_on_a_chain_may_be_claimed_by_its_hash(world: World) -> None:
    claim = {
        "kind": "wrong_or_scam_transfer",
        "reason": "scam",
        "transactions": [
            {
                "transaction_id": "0x" + "ab" * 32,
                "amount": {"amount_minor": "2000000000", "currency": "USDT"},
            }
        ],
    }
    async with world.instance(redress_wallet="tokenpocket", redress_profile=None) as instance:
        answer = await instance.open(claim)
    assert answer.status == 202, answer.text
    (receipt,) = answer.json()["disputes"]
    assert receipt["requested"] == {"amount_minor": "2000000000", "currency": "USDT"}
    assert receipt["transaction_id"] == "0x" + "ab" * 32
