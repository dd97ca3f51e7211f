"""The specification: (state, trigger) → state for each leg. Diagrams of these are committed.

`LATE` names what an answer means that comes when the leg has moved on: recorded, nothing changes.
Anything in neither table is illegal: recorded and answered with what is possible.
"""

from typing import Final

from services.tracker.domain.states import Leg
from services.tracker.domain.tables import account, bank, merchant, money, people
from services.tracker.domain.tables.rows import Conditional, Row, Table
from services.tracker.domain.triggers import T

_ROOMS: Final = (bank, merchant, people, money, account)
_FOUND: Final[dict[Leg, Table]] = {
    leg: table for room in _ROOMS for leg, table in room.TABLES.items()
}

TABLES: Final[dict[Leg, Table]] = {leg: _FOUND[leg] for leg in Leg}
EXCEPT: Final[Conditional] = {row: ends for room in _ROOMS for row, ends in room.EXCEPT.items()}
LATE: Final[dict[Row, str]] = {row: why for room in _ROOMS for row, why in room.LATE.items()}
LEG_OF: Final[dict[T, Leg]] = {
    trigger: leg for leg, table in TABLES.items() for (_, trigger) in table
}
