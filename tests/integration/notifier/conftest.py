from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backing import Backing
from tests.integration.notifier.world import World, free_port


@pytest.fixture
def world(
    backing: Backing, topic_prefix: str, database: Callable[[str], str], tmp_path: Path
) -> World:
    return World(backing, topic_prefix, database("notifier"), tmp_path, free_port(), free_port())
