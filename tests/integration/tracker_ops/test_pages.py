"""The pages for ops: who may see them, in which order, in which language, and nothing unescaped."""

import re
from typing import Any, Final

import pytest
import sqlalchemy

from services.tracker.domain.triggers import RefundReport, T
from services.tracker.ops.access import COOKIE
from shared import ids
from shared.auth import Role
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import DecisionReason, Kind
from tests.integration.tracker.desk import KEYS, Caller
from tests.integration.tracker.stage import Stage, bank, found, opened, opening, refund
from tests.unit.shared.serving import Answer, Api

ZH: Final = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
CANARY: Final = "13800138000"


def token(role: Role = Role.OPS) -> str:
    return Caller(role).headers["Authorization"].removeprefix("Bearer ")


def cookie(role: Role = Role.OPS) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={token(role)}"}


async def get(pages: Api, path: str, **headers: str) -> Answer:
    return await pages.get(path, headers=cookie() | headers, allow_redirects=False)


async def log_in(pages: Api, pasted: str, query: str = "") -> Answer:
    return await pages.post(f"/login{query}", data={"token": pasted}, allow_redirects=False)


def references(page: Answer) -> list[str]:
    return [digits.replace(" ", "") for digits in re.findall(r">(\d{4} \d{4} \d{4})<", page.text)]


@pytest.mark.parametrize("path", ["/", "/disputes/0190163d-8694-739b-aea5-966c26f8ad90"])
async def test_who_is_not_logged_in_is_sent_to_the_login_page(pages: Api, path: str) -> None:
    answer = await pages.get(path, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"] == f"/login?next={path.replace('/', '%2F')}"
    followed = await pages.get(path)
    assert followed.status == 200
    assert '<textarea id="token"' in followed.text


async def test_a_token_that_no_longer_counts_is_sent_to_the_login_page(pages: Api) -> None:
    stale = {"Cookie": f"{COOKIE}=stale"}
    assert (await pages.get("/", headers=stale, allow_redirects=False)).status == 303


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPS])
@pytest.mark.parametrize("path", ["/", "/disputes/0190163d-8694-739b-aea5-966c26f8ad90"])
async def test_other_roles_get_a_page_that_says_no(pages: Api, path: str, role: Role) -> None:
    answer = await pages.get(path, headers=cookie(role))
    assert answer.status == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Not for your role" in answer.text
    assert "<table" not in answer.text


async def test_the_authorization_header_counts_too(pages: Api) -> None:
    assert (await pages.get("/", headers=Caller(Role.OPS).headers)).status == 200


async def test_a_pasted_token_goes_into_a_cookie_that_scripts_and_other_sites_cannot_use(
    pages: Api,
) -> None:
    answer = await log_in(pages, f"  {token()}\n")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    kept = answer.headers["Set-Cookie"]
    assert kept.startswith(f"{COOKIE}=")
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept


@pytest.mark.parametrize(
    ("pasted", "status", "reason"),
    [
        ("nonsense", 401, "no caller of these tests"),
        ("", 401, "no caller of these tests"),
        (token(Role.CUSTOMER), 403, "Yours is customer"),
        ("x" * 5000, 401, "too long for a cookie"),
    ],
)
async def test_a_wrong_token_gets_the_same_page_with_the_reason(
    pages: Api, pasted: str, status: int, reason: str
) -> None:
    answer = await log_in(pages, pasted)
    assert answer.status == status
    assert reason in answer.text
    assert answer.text.count("The token was not accepted") <= 1
    assert '<textarea id="token"' in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/disputes/0190163d-8694-739b-aea5-966c26f8ad90", None),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
    ],
)
async def test_a_login_ends_on_a_page_of_ours(pages: Api, wanted: str, where: str | None) -> None:
    answer = await log_in(pages, token(), f"?next={wanted}")
    assert answer.headers["Location"] == (where or wanted)


async def test_logging_out_forgets_the_token(pages: Api) -> None:
    answer = await pages.post("/logout", headers=cookie(), allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert f'{COOKIE}=""' in answer.headers["Set-Cookie"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


async def test_open_disputes_stand_in_the_order_of_the_time_that_is_left(
    pages: Api, stage: Stage
) -> None:
    events = [opened() for _ in range(3)]
    for event, left_s in zip(events, (7200, -3900, 100_000), strict=True):
        await promised(stage, event, left_s)
    page = await get(pages, "/")
    assert references(page) == [events[i].reference for i in (1, 0, 2)]
    rows = re.findall(r"<tr.*?</tr>", page.text, re.DOTALL)[1:]
    assert [('class="late"' in row, "past the first promise" in row) for row in rows] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert "1 h 5 min" in rows[0]
    assert "1 h 59 min" in rows[1]
    assert "1 d 3 h" in rows[2]
    assert re.search(r"<strong>3</strong> Open", page.text)
    assert re.search(r'<strong class="late">1</strong> overdue', page.text)


async def test_counts_by_status_are_links_that_filter(pages: Api, stage: Stage) -> None:
    asked, waiting = opened(), opened()
    await stage.each(opening(asked))
    await stage.to_merchant(waiting)
    page = await get(pages, "/?lang=en")
    assert 'href="/?lang=en&amp;status=checking"' in page.text
    filtered = await get(pages, "/?status=waiting_for_merchant")
    assert references(filtered) == [waiting.reference]
    assert "waiting for the merchant" in filtered.text
    assert "<td>merchant</td>" in filtered.text


async def test_a_refund_that_only_a_person_can_confirm_is_shown_as_theirs(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    await stage.to_reserved(event)
    await stage.each(bank(event, T.REFUND_NO_ANSWER, RefundReport(1)))
    await stage.write(
        "UPDATE disputes SET facts = CAST(jsonb_set(jsonb_set(CAST(facts AS jsonb),"
        " '{refund_first_sent_at}', '\"2020-01-01T00:00:00Z\"'),"
        " '{refund_last_sent_at}', '\"2020-01-01T00:00:00Z\"') AS json)"
    )
    await stage.each(refund(event, T.REFUND_NOT_FOUND))
    assert "<td>ops</td>" in (await get(pages, "/")).text
    assert "refund-outcome" in (await get(pages, f"/disputes/{event.dispute_id}")).text


async def test_pages_follow_one_another_without_gap_or_repeat(pages: Api, stage: Stage) -> None:
    events = [opened() for _ in range(53)]
    await stage.send(*(opening(event) for event in events))
    first = await get(pages, "/?lang=en")
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = await get(pages, following.replace("&amp;", "&"))
    seen = references(first) + references(second)
    assert (len(references(first)), len(seen)) == (50, 53)
    assert set(seen) == {event.reference for event in events}
    assert 'rel="next"' not in second.text


async def test_a_longer_list_takes_no_more_reads(pages: Api, stage: Stage) -> None:
    reads: list[str] = []
    engine = stage.engine.sync_engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", lambda *a: reads.append(a[2]))
    await get(pages, "/")
    empty = len(reads)
    await stage.send(*(opening(opened()) for _ in range(5)))
    reads.clear()
    page = await get(pages, "/")
    assert page.text.count("<td>bank</td>") == 5
    assert len(reads) == empty


async def test_ended_disputes_are_shown_when_asked_for(pages: Api, stage: Stage) -> None:
    event = opened()
    await stage.each(opening(event), bank(event, T.TRANSACTION_FOREIGN))
    assert references(await get(pages, "/")) == []
    assert references(await get(pages, "/?open=no")) == [event.reference]


async def test_the_list_refreshes_itself_until_it_is_told_not_to(pages: Api) -> None:
    page = await get(pages, "/")
    assert '<meta http-equiv="refresh" content="5">' in page.text
    (stop,) = re.findall(r'href="([^"]+)">Stop refreshing', page.text)
    assert "http-equiv" not in (await get(pages, stop)).text


@pytest.mark.parametrize(
    ("query", "headers", "language", "heading"),
    [
        ("", ZH, "zh-CN", "申请列表"),
        ("?lang=en", ZH, "en", "Disputes"),
        ("?lang=zh-CN", {}, "zh-CN", "申请列表"),
        ("?lang=fr", {"Accept-Language": "fr"}, "en", "Disputes"),
        ("", {"Accept-Language": "en;q=0.3, zh;q=0.7"}, "zh-CN", "申请列表"),
        ("", {"Accept-Language": "zh;q=x, en"}, "en", "Disputes"),
    ],
)
async def test_both_languages(
    pages: Api, query: str, headers: dict[str, str], language: str, heading: str
) -> None:
    page = await get(pages, f"/{query}", **headers)
    assert f'<html lang="{language}">' in page.text
    assert f"<h1>{heading}</h1>" in page.text


async def test_one_dispute_with_its_legs_money_work_and_history(pages: Api, stage: Stage) -> None:
    event = opened(requested_minor=5_000)
    await stage.to_reserved(event)
    await stage.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_ACCEPTED))
    page = await get(pages, f"/disputes/{event.dispute_id}?lang=zh-CN")
    text = plain(page)
    assert "商家同意 同意" in text
    assert "退款 在途" in text
    assert "申请金额 ¥50.00" in text
    assert "扣款金额 ¥128.00" in text
    assert "退款 ¥50.00 在途" in text
    assert "复查退款 系统" in text
    assert "银行已受理退款 银行 迟到或重复 the bank had accepted it before" in text
    assert text.index("银行已受理退款") < text.index("商家同意 商家") < text.index("申请提交")
    assert event.customer_id in text


async def test_a_decision_is_explained_while_one_is_wanted_and_only_then(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    await stage.to_merchant(event)
    path = f"/disputes/{event.dispute_id}"
    assert "/decision" not in (await get(pages, path)).text
    await stage.each(found(event))
    other = opened()
    await stage.to_arbitration(other)
    page = await get(pages, f"/disputes/{other.dispute_id}")
    assert f"/v1/disputes/{other.dispute_id}/decision" in page.text
    assert "<form" in page.text  # logging out; the page itself decides nothing
    assert page.text.count("<form") == 1


async def test_what_came_from_outside_is_escaped(pages: Api, stage: Stage) -> None:
    event = opened(Kind.MISSING_FUNDS, merchant_id=None)
    await stage.each(opening(event), found(event))
    evil = "<script>alert(1)</script>"
    await stage.write("UPDATE disputes SET transaction_id = :evil, reason = :evil", evil=evil)
    await stage.write("UPDATE history SET reason = :evil", evil=evil)
    page = await get(pages, f"/disputes/{event.dispute_id}")
    assert "<script" not in page.text
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


async def test_free_text_and_destinations_are_not_shown(pages: Api, stage: Stage) -> None:
    event = opened()
    await stage.to_reserved(event)
    report = RefundReport(1, destination_kind="card", destination_tail="0042")
    await stage.each(bank(event, T.REFUND_ACCEPTED, report))
    await stage.write("UPDATE disputes SET statement = :canary", canary=CANARY)
    page = await get(pages, f"/disputes/{event.dispute_id}")
    assert CANARY not in page.text
    assert "0042" not in page.text.replace(event.reference, "")


async def test_a_report_without_a_token_is_marked_and_no_other(pages: Api, stage: Stage) -> None:
    known, unknown = (opened(Kind.ACCESS_LOST, None, merchant_id=None) for _ in range(2))
    unknown = unknown.model_copy(update={"unauthenticated": True})
    await stage.send(opening(known), opening(unknown))
    path, said = f"/disputes/{unknown.dispute_id}", "Reported without logging in"
    assert said in (await get(pages, path)).text
    assert "这是没有登录的人报告的" in (await get(pages, f"{path}?lang=zh-CN")).text
    assert said not in (await get(pages, f"/disputes/{known.dispute_id}")).text


async def test_a_complaint_leads_to_the_dispute_that_it_is_about(pages: Api, stage: Stage) -> None:
    first = opened()
    later = opened(Kind.COMPLAINT, None, merchant_id=None).model_copy(
        update={"about_reference": first.reference}
    )
    await stage.send(opening(later))
    path = f"/disputes/{later.dispute_id}?lang=en"
    page = await get(pages, path)
    assert f"Is about {ids.spoken(first.reference)}" in plain(page)
    assert f"/disputes/{first.dispute_id}" not in page.text
    await stage.send(opening(first))
    assert f'href="/disputes/{first.dispute_id}?lang=en"' in (await get(pages, path)).text
    other = await get(pages, f"/disputes/{first.dispute_id}")
    assert "Is about" not in other.text


async def test_a_dispute_that_does_not_exist_has_a_page_that_says_so(pages: Api) -> None:
    answer = await get(pages, "/disputes/0190163d-8694-739b-aea5-966c26f8ad90", **ZH)
    assert answer.status == 404
    assert "没有这个编号的申请" in answer.text


@pytest.mark.parametrize("path", ["/", "/login", "/pages.css"])
async def test_a_page_keeps_to_itself(pages: Api, path: str) -> None:
    answer = await get(pages, path)
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def plain(page: Answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def promised(stage: Stage, event: DisputeOpened, left_s: int) -> None:
    """Open it and move its promise, as the database's clock sees it."""
    await stage.each(opening(event))
    values: dict[str, Any] = {"id": event.dispute_id, "left": left_s}
    await stage.write(
        "UPDATE disputes SET slack_at = clock_timestamp() + make_interval(secs => :left)"
        " WHERE id = :id",
        **values,
    )


async def test_the_page_shows_what_was_said_as_text_and_the_reasons_there_are(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    words = KEYS.seal("<i>broken</i>", f"statement:{event.dispute_id}")
    await stage.to_arbitration(event.model_copy(update={"statement": words}))
    shown = (await get(pages, f"/disputes/{event.dispute_id}")).text
    assert "&lt;i&gt;broken&lt;/i&gt;" in shown
    assert "<i>broken" not in shown
    assert all(reason in shown for reason in DecisionReason)


PROPOSAL: Final = (
    '{"fault": "merchant", "remedy": "partial_refund", "amount_minor": 5000,'
    ' "reason": "partly_used", "payer": "wallet_advance", "decided_by": "ops-<017>"}'
)


async def test_a_proposed_decision_is_shown_whole_to_the_second_person(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    await stage.to_arbitration(event)
    path = f"/disputes/{event.dispute_id}"
    assert "Proposed decision" not in (await get(pages, path)).text
    await stage.write(
        "UPDATE disputes SET facts = CAST(jsonb_set(CAST(facts AS jsonb), '{proposal}',"
        " CAST(:proposal AS jsonb)) AS json)",
        proposal=PROPOSAL,
    )
    text = plain(await get(pages, f"{path}?lang=en"))
    assert "A second person, not the one who proposed it, confirms or rejects it." in text
    assert "Fault the merchant Remedy partial refund Amount CN¥50.00 Reason partly used" in text
    assert "Payer wallet&#39;s advance Bears the loss wallet&#39;s advance" in text
    assert "Proposed by ops-&lt;017&gt;" in text
    assert "处理结果 部分退款 金额 ¥50.00" in plain(await get(pages, f"{path}?lang=zh-CN"))


async def test_facts_are_told_as_money_and_words_and_legs_that_have_not_begun_in_one_line(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    await stage.to_arbitration(event)
    await stage.write(
        "UPDATE disputes SET facts = CAST(jsonb_set(jsonb_set(CAST(facts AS jsonb),"
        " '{offer_minor}', '5000'), '{evidence_of}', '[\"customer\"]') AS json)"
    )
    text = plain(await get(pages, f"/disputes/{event.dispute_id}?lang=en"))
    assert "merchant&#39;s offer CN¥50.00" in text or "merchant's offer CN¥50.00" in text
    assert "has sent evidence customer" in text
    assert "Not begun: details" in text
    assert "The customer may withdraw" in text


async def test_what_is_expected_of_a_wait_is_shown_in_both_languages(
    pages: Api, stage: Stage
) -> None:
    event = opened()
    await stage.to_merchant(event)
    await stage.write(
        "UPDATE disputes SET told = CAST(:told AS json) WHERE id = :id",
        id=event.dispute_id,
        told='[{"leg": "consent", "from_at": "2026-10-01T09:00:00Z",'
        ' "low_at": "2026-10-01T11:00:00Z", "high_at": "2026-10-01T14:00:00Z",'
        ' "measured": 312, "since": "2026-09-24T09:00:00Z", "ahead": null}]',
    )
    path = f"/disputes/{event.dispute_id}"
    page = await get(pages, path)
    assert "Expected to end · " in page.text
    assert "2026-10-01 11:00:00 UTC – 2026-10-01 14:00:00 UTC" in page.text
    assert "measured on 312 since 2026-09-24 09:00:00 UTC" in page.text
    assert "预计结束" in (await get(pages, path, **ZH)).text


async def test_the_wallet_and_its_version_are_shown_and_kept(pages: Api, stage: Stage) -> None:
    event = opened().model_copy(update={"wallet": "alipay", "wallet_version": 3})
    before = opened()  # from before wallets were kept
    await stage.send(opening(event), opening(before))
    assert "alipay@3" in (await get(pages, f"/disputes/{event.dispute_id}")).text
    assert "@" not in (await get(pages, f"/disputes/{before.dispute_id}")).text
    told = (await stage.dispute(event))["snapshot"]
    assert (told["wallet"], told["wallet_version"]) == ("alipay", 3)
