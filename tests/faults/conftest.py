"""One system with a Kafka and a PostgreSQL of its own for all fault tests, whole before each.

After each of them every history is replayed and must decide the same.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from deploy.local import layout
from deploy.local.system import Given, System
from tests.e2e.world import Receipt, visiting
from tests.faults.ground import Ground
from tests.replaying import replayed_in


@dataclass(slots=True)
class Lasting:
    """What outlives a test: the system and the disputes it has accepted."""

    system: System
    accepted: list[Receipt] = field(default_factory=list)


@pytest.fixture(scope="session", name="lasting")
def _lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    with System(layout.fresh(tmp_path_factory.mktemp("faults")), Given()) as system:
        yield Lasting(system)


@pytest.fixture
async def ground(lasting: Lasting) -> AsyncIterator[Ground]:
    async with visiting(lasting.system) as world:
        ground = Ground(world, lasting.accepted)
        try:
            yield ground
        finally:
            await ground.restore()
    await replayed_in(lasting.system)
