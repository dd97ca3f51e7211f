from services.notifier.handlers import fold
from services.notifier.store.heard import Heard
from tests.integration.notifier.world import dispute, status

A = dispute("a")
NOTHING = {A: Heard()}


def test_versions_are_heard_in_order_whatever_order_they_come_in() -> None:
    batch = [status("a", 3, "credited", open=False), status("a", 1, "checking")]
    batch.insert(0, status("a", 2, "refund_sent"))
    news, wanted = fold(NOTHING, batch)
    assert news[A].version == 3
    assert [w.notice.template.value for w in wanted] == ["received", "refund_sent", "credited"]
    assert {w.recipient for w in wanted} == {"c-a"}


def test_older_versions_and_repetitions_are_dropped() -> None:
    received = status("a", 1, "checking")
    news, wanted = fold(NOTHING, [received, received])
    assert len(wanted) == 1
    assert fold(news, [received]) == ({}, [])
    assert fold({A: Heard(5, "credited")}, [status("a", 4, "refund_sent")]) == ({}, [])


def test_a_gap_does_not_stop_anything() -> None:
    news, wanted = fold({A: Heard(1, "received")}, [status("a", 9, "credited", open=False)])
    assert news[A].version == 9
    assert len(wanted) == 1


def test_a_message_is_about_the_event_it_came_from() -> None:
    envelope = status("a", 1, "checking")
    (wanted,) = fold(NOTHING, [envelope])[1]
    assert (wanted.event_id, wanted.dispute_id, wanted.version) == (envelope.id, A, 1)
