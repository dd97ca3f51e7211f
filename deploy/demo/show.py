"""Plays all stories: some at a time, shown in order, each as it happens."""

import asyncio
from collections.abc import Sequence
from typing import Final

from deploy.demo.play import play, result
from deploy.demo.played import Item
from deploy.demo.screen import Screen
from deploy.demo.stage import Stage, World
from deploy.demo.stories import Story
from deploy.demo.summary import Played

AT_ONCE: Final = 8
_Channel = asyncio.Queue[Item | None]


async def show(stories: Sequence[Story], world: World, screen: Screen) -> list[Played]:
    """Play them, `AT_ONCE` together; the results are those after the last one has ended."""
    slots = asyncio.Semaphore(AT_ONCE)
    channels: list[_Channel] = [asyncio.Queue() for _ in stories]
    async with asyncio.TaskGroup() as group:
        playing = [
            group.create_task(_in_turn(slots, story, world, channel))
            for story, channel in zip(stories, channels, strict=True)
        ]
        for story, channel in zip(stories, channels, strict=True):
            screen.begin(story, len(stories))
            while (item := await channel.get()) is not None:
                screen.show(item)
    return [await _in_the_end(task.result()) for task in playing]


async def _in_turn(
    slots: asyncio.Semaphore, story: Story, world: World, channel: _Channel
) -> Stage:
    async with slots:
        stage = Stage(story, world, channel.put_nowait)
        try:
            await play(stage)
        finally:
            channel.put_nowait(None)
    return stage


async def _in_the_end(stage: Stage) -> Played:
    """Judge once more: a message or a payment too many may have come later."""
    cases = stage.story.cases
    return Played(stage.story, tuple([await result(stage, case) for case in cases]))
