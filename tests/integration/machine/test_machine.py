"""Every cell of the table in docs/machine.md is reached through the interfaces.

A kind's stories are played one after the other in one world, in which days pass where a story says
so. What the status events and the operators' read told on the way is compared with the kind's row.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import pytest

from shared.contracts.vocabulary import Kind
from tests.integration.machine.cells import documented
from tests.integration.machine.world import World, opened
from tests.integration.tracker.stage import Stage

Story = Callable[[World], Awaitable[None]]


@pytest.mark.parametrize("kind", Kind)
async def test_stories_reach_every_leg_wait_and_end_of_the_kind_and_no_other(
    kind: Kind,
    stage: Stage,
    database: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened(stage, database("intake"), tmp_path, monkeypatch) as world:
        for story in _stories(kind):
            await _tell(story, world)
    reached, told = world.reached[kind], documented()[kind]
    assert not (missing := told.without(reached)), f"no story reaches {', '.join(missing)}"
    assert not (more := reached.without(told)), f"docs/machine.md lacks {', '.join(more)}"


async def _tell(story: Story, world: World) -> None:
    """A failure names the story."""
    try:
        await story(world)
    except Exception as error:
        error.add_note(f"in the story {story.__module__}.{story.__name__}")
        raise


def _stories(kind: Kind) -> tuple[Story, ...]:
    module = import_module(f"tests.integration.machine.stories.{kind.value}")
    found: tuple[Story, ...] = module.STORIES
    return found
