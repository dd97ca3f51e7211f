"""Claims that are not complete, or about what the wallet has not told of yet."""

from shared import ids
from shared.auth import Role
from tests.e2e.world import World, only, receipts


async def test_a_refund_goes_all_the_way_and_is_paid_once(world: World) -> None:
    receipt = await world.opened(await world.record())
    seen = await world.until_ended(receipt)
    assert seen["status"] == "credited"
    assert seen["money"]["credited"] == {"amount_minor": "12800", "currency": "CNY"}
    paid = only(await world.refunds(receipt.transaction_id))
    assert (paid["state"], paid["reference"]) == ("credited", f"{receipt.dispute_id}:refund:1")
    codes = [step["code"] for step in seen["timeline"]]
    assert codes[0] == "received"
    assert codes[-1] == "refund_credited"


async def test_a_claim_without_a_transaction_is_listened_to_and_goes_to_a_person(
    world: World,
) -> None:
    receipt = await world.opened(kind="missing_funds", reason="transfer")
    seen = await world.until(receipt, "in_arbitration")
    assert (seen["transaction_id"], seen["next_actor"]) == (None, "ops")
    assert seen["promised_at"] is not None
    decided = {"fault": "neither", "remedy": "none", "reason": "transaction_unknown"}
    path = f"/v1/disputes/{receipt.dispute_id}/decision"
    answer = await world.call("POST", "tracker", path, decided, (Role.OPS, "ops-1"))
    assert (answer.status, answer.body["status"]) == (200, "declined")
    assert (await world.until_ended(receipt))["actions"] == ["appeal"]


async def test_several_transactions_make_a_dispute_each_and_each_is_paid(world: World) -> None:
    transactions = [await world.record() for _ in range(3)]
    answer = await world.claim(*transactions)
    assert answer.status == 202
    for receipt in receipts(answer, "c-li"):
        assert (await world.until_ended(receipt))["status"] == "credited"
        assert len(await world.refunds(receipt.transaction_id)) == 1


async def test_what_only_the_bank_knows_is_accepted_as_unverified_and_refunded(
    world: World,
) -> None:
    transaction_id = await world.record(publish=False)
    answer = await world.claim(transaction_id)
    assert only(answer.body["disputes"])["verified"] is False
    (receipt,) = receipts(answer, "c-li")
    assert (await world.until_ended(receipt))["status"] == "credited"
    assert len(await world.refunds(transaction_id)) == 1


async def test_what_is_published_after_the_claim_goes_on_like_any_other(world: World) -> None:
    """The bank is asked before the transaction exists anywhere: a person looks, and decides."""
    transaction_id = f"tx-{ids.new()}"
    receipt = await world.opened(transaction_id)
    seen = await world.until(receipt, "in_arbitration")
    assert seen["verified"] is False
    await world.record(transaction_id=transaction_id)
    decided = {
        "fault": "merchant",
        "remedy": "none",
        "reason": "transaction_unknown",
    }
    path = f"/v1/disputes/{receipt.dispute_id}/decision"
    assert (await world.call("POST", "tracker", path, decided, (Role.OPS, "o"))).status == 200
    await world.until_ended(receipt)
    again = await world.opened(transaction_id)
    assert (await world.until_ended(again))["status"] == "credited"


async def test_somebody_elses_transaction_that_was_not_published_is_declined_by_the_bank(
    world: World,
) -> None:
    transaction_id = await world.record(publish=False, customer_id="c-wang")
    receipt = await world.opened(transaction_id)
    seen = await world.until_ended(receipt)
    assert seen["status"] == "declined"
    assert seen["decision"]["reason"] == "not_your_transaction"
    assert await world.refunds(transaction_id) == []


async def test_who_paid_may_complain_as_well_as_who_owns_the_transaction(world: World) -> None:
    transaction_id = await world.record(publish=False, customer_id="c-wang", payer_id="c-li")
    receipt = await world.opened(transaction_id)
    assert (await world.until_ended(receipt))["status"] == "credited"


async def test_the_same_request_again_gets_the_same_answer_and_no_second_dispute(
    world: World,
) -> None:
    transaction_id, key = await world.record(), ids.token()
    first = await world.claim(transaction_id, key=key)
    again = await world.claim(transaction_id, key=key)
    other = await world.claim(transaction_id)
    assert (first.status, again.status) == (202, 202)
    assert first.body == again.body
    (receipt,) = receipts(first, "c-li")
    assert (other.status, other.body["reference"]) == (409, receipt.reference)
    await world.until_ended(receipt)
    assert len(await world.refunds(transaction_id)) == 1
