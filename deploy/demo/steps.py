"""Carries out the steps of a story, one kind after the other."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from deploy.demo import desk
from deploy.demo.disturb import Disturbance, disturb, repaired
from deploy.demo.judge import amount
from deploy.demo.stage import Stage
from deploy.demo.stories import (
    Ask,
    Case,
    Decide,
    Disturb,
    Happen,
    Open,
    Order,
    Parked,
    Reach,
    Repair,
    See,
    Step,
)
from deploy.demo.waiting import until
from deploy.demo.watch import Watch
from shared import clock

PARKED_WITHIN_S: Final = 30
COMMAND: Final = "$ python -m services.tracker dead-letters"


class StepError(Exception):
    """A step did not come out as the story says."""


async def carry_out(stage: Stage, step: Step) -> None:
    """Do it. Raises StepError, CallError, CommandError or NotInKafka."""
    await DOES[type(step)](stage, step)


async def _open(stage: Stage, step: Open) -> None:
    cases, began = [stage.case(name) for name in (step.case, *step.together)], clock.monotonic()
    named = [
        transaction_id
        for case in cases
        if (transaction_id := stage.transaction_id(case)) and not case.request.unnamed
    ]
    about = cases[0].request.about
    reference = stage.watches[about].reference if about else None
    if cases[0].request.via == "desk":
        opened = [await _put_on_queue(stage, cases[0])]
    else:
        opened = await stage.world.wallet.open(cases[0], named, reference)
    for case, found in zip(cases, opened, strict=True):
        stage.watches[case.name] = Watch(case, *found, began)


async def _put_on_queue(stage: Stage, case: Case) -> tuple[str, str]:
    about = stage.case(case.request.about or case.name)
    opening = desk.opening(case, stage.transaction_id(about))
    await desk.publish(stage.world.stream, opening)
    what = "the phone desk, which cannot see the app, puts the same on the queue"
    stage.tell(case, what, f"{opening.type_name} about {opening.transaction_id}")
    return str(opening.dispute_id), opening.reference


async def _reach(stage: Stage, step: Reach) -> None:
    watch = stage.watches[step.case]
    if not await watch.reach(step.status, step.within_s):
        last = watch.statuses[-1] if watch.statuses else "nothing"
        raise StepError(f"no {step.status} within {step.within_s} s, last seen: {last}")


async def _see(stage: Stage, step: See) -> None:
    watch = stage.watches[step.case]

    async def is_told() -> bool:
        return step.code in watch.steps

    if not await until(is_told, step.within_s):
        raise StepError(f"no {step.code} within {step.within_s} s, last seen: {watch.steps[-1:]}")


async def _decide(stage: Stage, step: Decide) -> None:
    case = stage.case(step.case)
    currency = case.currency
    granted = amount(step.amount_minor, currency) if step.amount_minor else "no money"
    payer = f", paid by {_words(step.payer)}" if step.payer else ""
    what = f"{step.by} decides: {_words(step.remedy)}, {granted}{payer}"
    why = f"fault: {step.fault}, reason: {_words(step.reason)}"
    stage.tell(case, what, why, step.note)
    await stage.world.wallet.decide(stage.watches[case.name].dispute_id, step, currency)


async def _order(stage: Stage, step: Order) -> None:
    case = stage.case(step.case)
    said = [f"{_words(name)}: {_words(value)}" for name, value in step.body.items()]
    if step.amount_minor is not None:
        said.insert(0, f"amount: {amount(step.amount_minor, case.currency)}")
    command = step.command.replace("-", " ").replace("/", ", ")
    stage.tell(case, f"{step.by} orders: {command}", *said)
    await stage.world.wallet.order(stage.watches[case.name].dispute_id, step, case.currency)


async def _ask(stage: Stage, step: Ask) -> None:
    case = stage.case(step.case)
    stage.tell(case, f"{case.customer.name} asks in the app: {_words(step.action)}", step.says)
    given = stage.case(step.transaction_of) if step.transaction_of else None
    transaction_id = stage.transaction_id(given) if given else None
    dispute_id = stage.watches[case.name].dispute_id
    await stage.world.wallet.ask(case, dispute_id, step, transaction_id)


async def _happen(stage: Stage, step: Happen) -> None:
    case = stage.case(step.case)
    stage.tell(case, step.what)
    transaction_id = stage.transaction_id(case)
    await stage.world.outside.control(step.control, case, transaction_id, step.body)


async def _disturb(stage: Stage, step: Disturb) -> None:
    disputes = (stage.watches[step.case].dispute_id, stage.watches[step.broken].dispute_id)
    customer_id = stage.case(step.broken).customer.id
    found = await disturb(stage.world.stream, step, disputes, customer_id, stage.began)
    stage.disturbances[step.broken] = found
    what = f"into {found.partition_name} of Kafka go, one after the other"
    stage.tell(stage.case(step.case), what, *found.sent)


async def _parked(stage: Stage, step: Parked) -> None:
    found = stage.disturbances[step.case]
    line = await _listed(stage, found)
    if step.reason not in line:
        raise StepError(f"the reason of the dead letter is not about {step.reason}: {line}")
    stage.letters[step.case] = line.split()[0]
    handled = await _handled(stage, found)
    beyond = f"the tracker has handled {found.partition_name} up to @{handled - 1}"
    stage.tell(stage.case(step.case), "parked; the queue moves on", f"{COMMAND} list", line, beyond)


async def _repair(stage: Stage, step: Repair) -> None:
    found, letter = stage.disturbances[step.case], stage.letters[step.case]
    letters = stage.world.letters
    document = await letters.show(letter)
    file = await letters.replay(letter, repaired(document, found))
    stage.tell(
        stage.case(step.case),
        "repaired in a file and replayed",
        f"{COMMAND} show {letter} > {file.name}",
        f"- {found.field}: {document['value'][found.field]}",
        f"+ {found.field}: {found.good}",
        f"{COMMAND} replay {letter} --file {file.name}",
    )


async def _listed(stage: Stage, found: Disturbance) -> str:
    lines: list[str] = []

    async def is_listed() -> bool:
        lines.extend(await stage.world.letters.at(found.place))
        return bool(lines)

    if not await until(is_listed, PARKED_WITHIN_S):
        raise StepError(f"no dead letter of {found.place} within {PARKED_WITHIN_S} s")
    return lines[0]


async def _handled(stage: Stage, found: Disturbance) -> int:
    """The offset the tracker comes to next, once that is behind all that was sent."""
    offset = 0

    async def is_beyond() -> bool:
        nonlocal offset
        offset = await stage.world.stream.committed("tracker", found.topic, found.partition)
        return offset > found.last_offset

    if not await until(is_beyond, PARKED_WITHIN_S):
        raise StepError(f"the tracker stays at offset {offset} of {found.partition_name}")
    return offset


def _words(code: str) -> str:
    return code.replace("_", " ")


DOES: Final[Mapping[type[Any], Callable[[Stage, Any], Awaitable[None]]]] = {
    Open: _open,
    Reach: _reach,
    See: _see,
    Decide: _decide,
    Order: _order,
    Ask: _ask,
    Happen: _happen,
    Disturb: _disturb,
    Parked: _parked,
    Repair: _repair,
}
"""How each kind of step is carried out."""
