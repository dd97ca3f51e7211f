import pytest

from sandbox.sms import pdu
from services.notifier.handlers import spelled
from services.notifier.ports import Receipt
from services.notifier.sms import read_receipt


def unit(*, delivered: bool = True, reference: int | None = 258) -> bytes:
    receipt = pdu.Receipt("Redress", "8613800138000", "1a2b", delivered, "2610131200", reference)
    return pdu.encode(pdu.DELIVER_SM, 0, 1, pdu.encode_receipt(receipt))


def test_a_receipt_is_read_from_the_raw_pdu() -> None:
    assert read_receipt(unit()) == Receipt(
        "1a2b", delivered=True, reference=258, phone="+8613800138000"
    )
    assert read_receipt(unit(delivered=False, reference=None)) == Receipt(
        "1a2b", delivered=False, phone="+8613800138000"
    )


def test_a_receipt_that_comes_in_ucs2_is_read_all_the_same() -> None:
    text = "id:1a2b sub:001 stat:DELIVRD err:000 text:您好".encode("utf-16-be")
    body = b"\0\1\x018613800138000\0\0\0Redress\0\4\0\0\0\0\0\0\x08\0" + bytes((len(text),)) + text
    receipt = read_receipt(pdu.encode(pdu.DELIVER_SM, 0, 1, body))
    assert receipt is not None
    assert (receipt.provider_id, receipt.delivered) == ("1a2b", True)


@pytest.mark.parametrize("text", [b"hello", b"id:1a2b stat:ENROUTE", b"id:1a2b stat:ACCEPTD"])
def test_other_messages_are_no_receipts(text: bytes) -> None:
    body = b"\0\1\x018613\0\0\0Redress\0\4\0\0\0\0\0\0\0\0" + bytes((len(text),)) + text
    assert read_receipt(pdu.encode(pdu.DELIVER_SM, 0, 1, body)) is None


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 40, b"id:1 stat:DELIVRD"])
def test_garbage_is_survived(garbage: bytes) -> None:
    receipt = read_receipt(pdu.encode(pdu.DELIVER_SM, 0, 1, garbage))
    assert receipt is None or receipt.reference is None


@pytest.mark.parametrize(
    ("given", "spellings"),
    [
        ("1a2b", {"1a2b", "6699"}),
        ("6699", {"6699", "1a2b", "1A2B", "26265"}),
        ("not-hex", {"not-hex"}),
    ],
)
def test_ids_are_tried_in_both_bases(given: str, spellings: set[str]) -> None:
    assert set(spelled(given)) == spellings
    assert spelled(given)[0] == given
