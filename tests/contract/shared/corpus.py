"""Events of version 1 as they stood on Kafka. Files are added, never changed: each must parse."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "corpus"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))


@dataclass(frozen=True, slots=True)
class Recorded:
    headers: list[tuple[str, bytes]]
    value: dict[str, Any]

    @property
    def raw(self) -> bytes:
        return json.dumps(self.value).encode()

    def attribute(self, name: str) -> str:
        return dict(self.headers)[name].decode()


def recorded(name: str) -> Recorded:
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Recorded([(k, v.encode()) for k, v in document["headers"].items()], document["value"])
