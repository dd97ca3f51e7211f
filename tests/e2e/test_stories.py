"""The stories of the demonstration, by the demonstration's own runner."""

import io

import pytest
from rich.console import Console

from deploy.demo.screen import Screen
from deploy.demo.show import show
from deploy.demo.stories import load
from deploy.demo.summary import Played, differences
from deploy.demo.world import world
from deploy.local.system import System


@pytest.mark.timeout(400)
async def test_every_story_ends_as_it_must(system: System) -> None:
    told = io.StringIO()
    async with world(system.layout, system.endpoints) as found:
        played = await show(load(), found, Screen(Console(file=told, width=100)))
    assert len(played) == len(load())
    assert all(each.ok for each in played), _wrong(played) + told.getvalue()


def _wrong(played: list[Played]) -> str:
    text = io.StringIO()
    differences(Console(file=text, width=200), played)
    return text.getvalue()
