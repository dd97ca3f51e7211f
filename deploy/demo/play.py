"""Plays one story: carries out its steps, follows its cases, gathers what there is to judge."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from deploy.demo.calls import CallError
from deploy.demo.judge import Seen, judge
from deploy.demo.letters import CommandError
from deploy.demo.outside import Mail, Sms
from deploy.demo.played import Result
from deploy.demo.stage import Stage
from deploy.demo.steps import StepError, carry_out
from deploy.demo.stories import Case
from deploy.demo.stream import NotInKafka
from deploy.demo.waiting import POLL_S, until
from shared import clock, ids

MESSAGES_WITHIN_S: Final = 30
QUIET_S: Final = 1.5  # a message too many would come right after the others


async def play(stage: Stage) -> None:
    """Play it to the end and tell the results; what goes wrong is part of them."""
    following = asyncio.create_task(_follow(stage))
    try:
        await _perform(stage)
        await asyncio.gather(*(_await_messages(stage, case) for case in stage.story.cases))
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    for case in stage.story.cases:
        stage.emit(await result(stage, case))


async def result(stage: Stage, case: Case) -> Result:
    """How the case stands now, as all witnesses see it."""
    watch = stage.watches.get(case.name)
    try:
        seen = await _look(stage, case)
    except CallError as error:
        seen = Seen(trouble=(f"a witness cannot be asked: {error}",))
    seconds = watch.reached_at - watch.began if watch and watch.reached_at else None
    return Result(case, seen, judge(case, seen), seconds)


async def _perform(stage: Stage) -> None:
    """Carry out the steps; trouble is noted with its case and ends the story."""
    name = stage.story.cases[0].name
    try:
        await _prepare(stage)
        for step in stage.story.steps:
            name = step.case
            await carry_out(stage, step)
    except (CallError, CommandError, NotInKafka, StepError) as error:
        stage.trouble[name] = str(error)


async def _prepare(stage: Stage) -> None:
    """Contacts and transactions of all cases, until the customers see the latter in the app."""
    for case in stage.story.cases:
        await stage.world.outside.introduce(case)
        await stage.world.outside.prepare(case, stage.transaction_id(case))
    for case in stage.story.cases:
        transaction_id = stage.transaction_id(case)
        if transaction_id and not case.ends.chain:  # a hash is pasted, not chosen from a list
            await stage.world.wallet.await_transaction(case, transaction_id)


async def _follow(stage: Stage) -> None:
    """Look into the app again and again, until cancelled; an app tries again by itself."""
    while True:
        for watch in list(stage.watches.values()):
            with suppress(CallError):
                view = await stage.world.wallet.read(watch.case, watch.dispute_id)
                watch.notice(view, stage.emit)
        await clock.sleep(POLL_S)


async def _await_messages(stage: Stage, case: Case) -> None:
    """Until as many messages as expected are there, and a moment longer."""
    wanted = len(case.ends.messages)

    async def all_here() -> bool:
        return min(map(len, await _heard(stage, case))) >= wanted

    if case.name in stage.watches:
        with suppress(CallError):  # told when the witnesses are asked
            await until(all_here, MESSAGES_WITHIN_S)
        await clock.sleep(QUIET_S)


async def _heard(stage: Stage, case: Case) -> tuple[tuple[Sms, ...], tuple[Mail, ...]]:
    """What the customer was told of this case: all that is not about another one of theirs."""
    outside, customer = stage.world.outside, case.customer
    own, *others = stage.references(case)
    texts = await outside.texts(customer.phone, stage.began)
    mails = await outside.mails(customer.email, stage.began)
    return (
        tuple(each for each in texts if not _is_of(others, each.text, own)),
        tuple(each for each in mails if not _is_of(others, each.subject, own)),
    )


def _is_of(others: Sequence[str], text: str, own: str) -> bool:
    """Whether it names another case first; the own one may be named as the one that goes on."""
    found = [(text.index(each), each) for each in (own, *others) if each in text]
    return bool(found) and min(found)[1] != own


async def _look(stage: Stage, case: Case) -> Seen:
    """What all witnesses say. Raises CallError when one cannot be asked."""
    watch, outside = stage.watches.get(case.name), stage.world.outside
    transaction_id, customer_id = stage.transaction_id(case), case.customer.id
    texts, mails = await _heard(stage, case)
    trouble = stage.trouble.get(case.name)
    return Seen(
        reference=ids.spoken(watch.reference) if watch else "",
        statuses=tuple(watch.statuses) if watch else (),
        steps=watch.steps if watch else (),
        account=await outside.account(case, transaction_id, stage.began),
        keeping=await outside.keeping(customer_id, stage.began) if case.ends.account else None,
        chain=await outside.chain(transaction_id) if case.ends.chain and transaction_id else None,
        merchant_asked=await outside.times_asked("requests", transaction_id),
        evidence_asked=await outside.times_asked("evidence", transaction_id),
        goods_sent=await outside.times_asked("returns", transaction_id),
        texts=texts,
        mails=mails,
        trouble=(trouble,) if trouble else (),
    )
