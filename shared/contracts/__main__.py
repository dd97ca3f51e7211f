"""`python -m shared.contracts check | write`: the committed JSON Schemas against the models."""

import json
import sys
from pathlib import Path

from shared.contracts.events import ALL, Event

SCHEMAS = Path(__file__).parent / "schemas"


def schema(event: type[Event]) -> str:
    """The event's JSON Schema 2020-12, as committed."""
    body = event.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:redress:{event.type_name}",
    }
    return json.dumps(head | body, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main(command: str) -> int:
    """Write the schemas, or say which differ."""
    wrong = [e for e in ALL if not _same(e)]
    if command == "write":
        SCHEMAS.mkdir(exist_ok=True)
        for event in wrong:
            _path(event).write_text(schema(event), encoding="utf-8")
        return 0
    for event in wrong:
        print(f"{_path(event)} differs from the model: python -m shared.contracts write")
    return 1 if wrong else 0


def _path(event: type[Event]) -> Path:
    return SCHEMAS / f"{event.type_name}.json"


def _same(event: type[Event]) -> bool:
    path = _path(event)
    return path.exists() and path.read_text(encoding="utf-8") == schema(event)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
