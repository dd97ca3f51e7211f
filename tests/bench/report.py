"""The figures, and whether they may be believed."""

from tests.bench.cpu import Clocks
from tests.bench.load import Arrivals, Plan
from tests.bench.outcome import Outcome

_SUSTAINED = 0.98


def show(plan: Plan, arrivals: Arrivals, found: Outcome, clocks: Clocks) -> bool:
    """Print; true if the bank's ledger is clean and nothing that was accepted is missing."""
    start = arrivals.started + plan.warm_up
    end = start + plan.seconds
    complete = [at for at in found.done.values() if start <= at < end]
    whole = [
        at - arrivals.due[reference]
        for reference, at in found.done.items()
        if arrivals.due[reference] >= start
    ]
    per_second = len(complete) / plan.seconds
    audit = found.audit
    missing = len(arrivals.due) - len(found.done)
    clean = not audit["paid_twice"] and not audit["above_captured"] and audit["balanced"]
    paid = audit["refunds_settled"] == len(arrivals.due)

    print(f"offered {plan.rate}/s for {plan.seconds} s after {plan.warm_up} s of warm-up")
    print(f"accepted {len(arrivals.due)} of {plan.count}, refused {arrivals.refused or 0}")
    print(f"HTTP accept            {_quantiles(arrivals.accept_s)}")
    print(f"to the last message    {_quantiles(whole)}")
    print(f"drained in {found.drained_s:.1f} s; messages: {found.sms} SMS, {found.mails} e-mails")
    print(
        f"the bank's ledger: {audit['refunds_settled']} refunds settled, paid twice "
        f"{len(audit['paid_twice'])}, above captured {len(audit['above_captured'])}"
    )
    if found.done:
        took_s = max(found.done.values()) - arrivals.started
        print(f"worked off {len(found.done) / took_s:.0f} a second, from the first to the last")
    _cpu(found, clocks)
    if missing or not paid or not clean:
        print(f"NOT CLEAN: {missing} disputes lack a message; all paid once: {paid and clean}")
    if per_second < plan.rate * _SUSTAINED:
        print(f"not sustained: {per_second:.0f} of {plan.rate} a second")
    print(f"complete disputes per second: {per_second:.0f}")
    return clean and paid and not missing


def _cpu(found: Outcome, clocks: Clocks) -> None:
    """From the first dispute to the last message, over all that were completed."""
    used = clocks.used()
    each = 1000 / max(1, len(found.done))
    busy = sum(used.values())
    print(f"CPU: {busy / clocks.elapsed_s:.2f} cores, {busy * each:.2f} ms a dispute:")
    for name, seconds in used.items():
        print(f"  {name:15} {seconds * each:6.2f}")


def _quantiles(values: list[float]) -> str:
    ordered = sorted(values)
    if not ordered:
        return "nothing measured"
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99))
    return f"p50 {p50 * 1000:8.1f} ms   p99 {p99 * 1000:8.1f} ms"
