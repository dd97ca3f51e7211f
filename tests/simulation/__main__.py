"""`python -m tests.simulation [write|check]`: the holiday's figures and chart in docs/."""

import sys

from deploy.local.files import CHECKOUT
from tests.simulation.report import written


def main(word: str) -> int:
    """Write the files, or name those that differ from what is committed."""
    stale = 0
    for name, text in written().items():
        path = CHECKOUT / "docs" / name
        if word == "write":
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"docs/{name} is not what the simulation gives\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
