"""Carries out the steps of a story, one kind after the other."""

from typing import Final, assert_never

from deploy.demo.disturb import Disturbance, disturb, repaired
from deploy.demo.judge import amount
from deploy.demo.stage import Stage
from deploy.demo.stories import Ask, Decide, Disturb, Open, Parked, Reach, Repair, Step
from deploy.demo.waiting import until
from deploy.demo.watch import Watch
from shared import clock

PARKED_WITHIN_S: Final = 30
COMMAND: Final = "$ python -m services.tracker dead-letters"


class StepError(Exception):
    """A step did not come out as the story says."""


async def carry_out(stage: Stage, step: Step) -> None:
    """Do it. Raises StepError, CallError, CommandError or NotInKafka."""
    match step:
        case Open():
            await _open(stage, step)
        case Reach():
            await _reach(stage, step)
        case Decide():
            await _decide(stage, step)
        case Ask():
            await _ask(stage, step)
        case Disturb():
            await _disturb(stage, step)
        case Parked():
            await _parked(stage, step)
        case Repair():
            await _repair(stage, step)
        case _:
            assert_never(step)


async def _open(stage: Stage, step: Open) -> None:
    case, began = stage.case(step.case), clock.monotonic()
    opened = await stage.world.wallet.open(case, stage.transaction_id(case))
    stage.watches[case.name] = Watch(case, *opened, began)


async def _reach(stage: Stage, step: Reach) -> None:
    watch = stage.watches[step.case]
    if not await watch.reach(step.status, step.within_s):
        last = watch.statuses[-1] if watch.statuses else "nothing"
        raise StepError(f"no {step.status} within {step.within_s} s, last seen: {last}")


async def _decide(stage: Stage, step: Decide) -> None:
    case = stage.case(step.case)
    currency = case.transaction.currency
    granted = amount(step.amount_minor, currency) if step.amount_minor else "no money"
    payer = f", paid by {_words(step.payer)}" if step.payer else ""
    what = f"{step.by} decides: {_words(step.remedy)}, {granted}{payer}"
    why = f"fault: {step.fault}, reason: {_words(step.reason)}"
    stage.tell(case, what, why, step.note)
    await stage.world.wallet.decide(stage.watches[case.name].dispute_id, step, currency)


async def _ask(stage: Stage, step: Ask) -> None:
    case = stage.case(step.case)
    stage.tell(case, f"{case.customer.name} asks in the app: {_words(step.action)}", step.says)
    await stage.world.wallet.ask(case, stage.watches[case.name].dispute_id, step)


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
