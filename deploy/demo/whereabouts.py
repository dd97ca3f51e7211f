"""Where everything is while the demonstration stays up: addresses and commands as they work."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from deploy.local.layout import Layout
from shared.contracts.topics import Topic

CUSTOMER: Final = "c-lin-xiaoyu"  # of the third story
OPERATOR: Final = "ops-chen"


def tell_whereabouts(out: Console, endpoints: Mapping[str, Any], layout: Layout) -> None:
    """Print it without wrapping, so that a command can be copied."""
    for line in (*_addresses(endpoints, layout), "", *_commands(endpoints, layout)):
        out.print(line, soft_wrap=True)


def _addresses(endpoints: Mapping[str, Any], layout: Layout) -> list[str]:
    work = _relative(layout.work)
    rows = {
        "REST documents": f"{endpoints['intake']}/docs",
        "state list": f"{endpoints['tracker']}/ (log in by pasting an operator's token, see below)",
        "SMS inbox": f"{endpoints['sms']}/",
        "e-mail inbox": f"{endpoints['mail']}/",
        "bank, merchants": f"{endpoints['bank']}/ and {endpoints['merchant']}/",
        "accounts": f"{endpoints['accounts']}/",
        "node of a chain": f"{endpoints['node']}/",
        "Kafka bootstrap": f"{endpoints['kafka']}, topics {layout.prefix}.*",
        "PostgreSQL, logs": f"{work}/endpoints.json holds a DSN per service; {work}/logs",
    }
    return ["", "Everything stays up until Ctrl-C:"] + [f"  {k:<17} {v}" for k, v in rows.items()]


def _commands(endpoints: Mapping[str, Any], layout: Layout) -> list[str]:
    customer, operator = _token("customer", CUSTOMER), _token("ops", OPERATOR)
    topic = Topic.DISPUTE_STATUS.full(layout.prefix)
    return [
        "A customer's token, and what she sees with it; an operator's, and the state list as JSON:",
        f"  {customer}",
        f'  curl -s -H "Authorization: Bearer $({customer})" {endpoints["intake"]}/v1/disputes',
        f"  {operator}",
        f'  curl -s -H "Authorization: Bearer $({operator})" {endpoints["tracker"]}/v1/disputes',
        "The events, with any Kafka client:",
        f"  kcat -b {endpoints['kafka']} -t {topic} -C -e",
    ]


def _token(role: str, subject: str) -> str:
    return (
        f"{_relative(Path(sys.executable))} -m deploy.demo token --role {role} --subject {subject}"
    )


def _relative(path: Path) -> Path:
    """The shorter of the two ways to write it."""
    return min(path, Path(os.path.relpath(path)), key=lambda each: len(str(each)))
