"""How status events become the read model: newer wins, older only fills the timeline. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.events import StatusChanged


@dataclass(frozen=True, slots=True)
class Fold:
    """What a batch changes. `steps` are unique by (dispute, version); `gaps` counts versions.

    `newest` holds the snapshots to store; `unknown` counts events of disputes that are not here.
    """

    newest: list[StatusChanged]
    steps: list[StatusChanged]
    gaps: int
    late: int
    unknown: int


def fold(versions: Mapping[UUID, int], changes: Iterable[StatusChanged]) -> Fold:
    """Fold a batch over the stored versions (0 = no status yet), in whatever order it came."""
    arrived = {(change.dispute_id, change.version): change for change in changes}
    known = {key: change for key, change in arrived.items() if key[0] in versions}
    newer = {key: change for key, change in known.items() if key[1] > versions[key[0]]}
    tops = dict(sorted(newer))  # of several versions the last one stays
    steps_ahead = sum(top - versions[dispute] for dispute, top in tops.items())
    return Fold(
        newest=[newer[key] for key in sorted(tops.items())],
        steps=[known[key] for key in sorted(known)],
        gaps=steps_ahead - len(newer),
        late=len(known) - len(newer),
        unknown=len(arrived) - len(known),
    )
