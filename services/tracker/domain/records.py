"""`replace` for the core's frozen records: wide, and each decision makes several."""

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - the types are checked by its own
else:

    def replace(record: Any, /, **changes: Any) -> Any:
        """The same record with these fields changed.

        As `dataclasses.replace`, which goes through `__init__`: several times as slow for the wide
        records, which have no slots so that their fields are copied as one dictionary. The records
        have no `__post_init__` and no field that `__init__` leaves out.
        """
        kind = type(record)
        new = object.__new__(kind)
        if hasattr(record, "__dict__"):
            values = new.__dict__
            values.update(record.__dict__)
            known = len(values)
            values.update(changes)
            if len(values) != known:
                raise TypeError(f"{kind.__name__} has no {_strange(record, changes)}")
            return new
        for name, (read, write) in _slots(kind).items():
            write(new, changes.pop(name) if name in changes else read(record))
        if changes:
            raise TypeError(f"{kind.__name__} has no {', '.join(changes)}")
        return new


def _strange(record: Any, changes: dict[str, Any]) -> str:
    return ", ".join(name for name in changes if name not in record.__dict__)


@cache
def _slots(kind: type) -> dict[str, tuple[Any, Any]]:
    members = {field.name: kind.__dict__[field.name] for field in fields(kind)}
    return {name: (slot.__get__, slot.__set__) for name, slot in members.items()}
