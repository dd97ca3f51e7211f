from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backing import Backing
from tests.integration.intake.world import World


@pytest.fixture
def world(database: Callable[[str], str], tmp_path: Path) -> World:
    """An intake whose Kafka cannot be reached: accepting depends on PostgreSQL alone."""
    return World(database("intake"), tmp_path)


@pytest.fixture
def connected(
    backing: Backing, topic_prefix: str, database: Callable[[str], str], tmp_path: Path
) -> World:
    """The same with Kafka."""
    return World(database("intake"), tmp_path, backing.bootstrap, topic_prefix)
