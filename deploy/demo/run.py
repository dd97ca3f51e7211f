"""One demonstration from empty folders to the last process stopped."""

import asyncio
import threading
from typing import Any, Final

from rich.console import Console

from deploy.demo import stories, summary
from deploy.demo.calls import CallError
from deploy.demo.screen import Screen, console
from deploy.demo.show import show
from deploy.demo.summary import Played
from deploy.demo.whereabouts import tell_whereabouts
from deploy.demo.world import world
from deploy.local import layout, profile, signals
from deploy.local.errors import StartError
from deploy.local.system import Given, System
from shared import clock, wallets

FOLDER: Final = layout.RUN / "demo"
FINE, DIFFERS, INTERRUPTED = 0, 1, 130


def run(*, once: bool, wallet: str) -> int:
    """Return the exit code: 0 if every story ended as it must, 1 if not, 130 if cut short.

    Ctrl-C ends it, and whatever else `signals.as_interrupt` makes of it.
    """
    out, began = console(), clock.monotonic()
    profile.check(wallet)
    tales = stories.of_wallet(wallet)  # a mistake in one is told before anything is started

    def tell(text: str) -> None:
        out.print(f"[{clock.monotonic() - began:5.1f} s] {text}", soft_wrap=True)

    tell(f"a fresh Redress is being set up in {FOLDER}")
    _introduce(wallet, out)
    code = INTERRUPTED
    system = System(layout.fresh(FOLDER, wallet), Given(), tell)
    try:
        system.start()
        code = _play(tales, system, out)
        tell("all stories have been played")
        if not once:
            _stay(system, out)
    except KeyboardInterrupt:
        out.print()
    finally:
        with signals.ignored():
            tell("stopping every process")
            system.stop()
    tell("stopped")
    return code


def _introduce(name: str, out: Console) -> None:
    """Whose disputes these are, who pays, and what cannot be promised."""
    wallet = wallets.load(name)
    role = wallet.role.value.replace("_", " ")
    out.print(f"Wallet: {wallet.names.en} {wallet.names.zh}; {wallet.brand.en} runs it as {role}.")
    out.print(f"Who pays: {wallet.who_pays_by_default.text.en}")
    for said in wallet.cannot_promise:
        out.print(f"Not promised: {said.text.en}")


def _play(tales: list[stories.Story], system: System, out: Console) -> int:
    """Play and judge. Raises StartError when the world cannot be asked any more."""
    try:
        played, audit = asyncio.run(_played(tales, system, out))
    except CallError as error:
        raise StartError(f"The demonstration was cut short: {error}") from error
    summary.show(out, played)
    summary.differences(out, played)
    summary.audit(out, audit)
    return FINE if all(each.ok for each in played) else DIFFERS


async def _played(
    tales: list[stories.Story], system: System, out: Console
) -> tuple[list[Played], dict[str, Any]]:
    async with world(system.layout, system.endpoints) as found:
        return await show(tales, found, Screen(out)), await found.outside.audit()


def _stay(system: System, out: Console) -> None:
    """Until Ctrl-C."""
    tell_whereabouts(out, system.endpoints, system.layout)
    threading.Event().wait()
