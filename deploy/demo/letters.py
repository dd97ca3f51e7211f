"""The tracker's dead letters, by the documented command: list, show, replay."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.local.files import CHECKOUT, write_private

COMMAND: Final = ("-m", "services.tracker", "dead-letters")


class CommandError(Exception):
    """The command ended with an error; its words."""


@dataclass(frozen=True, slots=True)
class Letters:
    """`env` is the tracker's environment, `folder` where repaired files are put."""

    env: Mapping[str, str]
    folder: Path

    async def at(self, place: str) -> list[str]:
        """The line of `list` about the record at `topic[partition]@offset`, if it is parked."""
        return [line for line in (await self._run("list")).splitlines() if f" {place} " in line]

    async def show(self, letter: str) -> dict[str, Any]:
        """The record as an editable document."""
        document: dict[str, Any] = json.loads(await self._run("show", letter))
        return document

    async def replay(self, letter: str, document: Mapping[str, Any]) -> Path:
        """Send it again as repaired; the file that holds the repaired record."""
        file = self.folder / f"repaired-{letter}.json"
        write_private(file, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        await self._run("replay", letter, "--file", str(file))
        return file

    async def _run(self, *arguments: str) -> str:
        """What the command prints. Raises CommandError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *COMMAND,
            *arguments,
            env=self.env,
            cwd=CHECKOUT,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            said, complaint = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise CommandError(f"dead-letters {arguments[0]}: {complaint.decode().strip()}")
        return said.decode()
