"""Text in columns of a terminal, where Chinese characters take two cells."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len, set_cell_size

GAP: Final = 2
# A Chinese character may stand at the end of a line, a closing mark not at the beginning.
_PIECE: Final = re.compile(
    r"\s+"
    r"|[【（《「『]*[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60]"
    r"[，。、；：？！”’）】》」』…]*"
    r"|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60【（《「『]+[，。、；：？！）】》」』]*"
)


def wrapped(text: str, cells: int) -> list[str]:
    """Lines of at most so many cells, without indentation; a longer word is cut."""
    lines = [""]
    for piece in _PIECE.findall(" ".join(text.split())):
        if lines[-1] and cell_len(lines[-1] + piece) > cells:
            lines.append("")
        lines[-1] = (lines[-1] + piece).lstrip()
        while cell_len(lines[-1]) > cells:
            head = set_cell_size(lines[-1], cells).rstrip()
            lines[-1:] = [head, lines[-1][len(head) :]]
    return [line.rstrip() for line in lines]


def columns(cells: Sequence[tuple[str, int]]) -> list[str]:
    """One row, as many lines as its fullest column needs; each cell is (text, width)."""
    parts = [wrapped(text, width) for text, width in cells]
    widths = [width for _, width in cells]
    rows = zip_longest(*parts, fillvalue="")
    return [(" " * GAP).join(map(set_cell_size, row, widths)).rstrip() for row in rows]


def table(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Rows as lines, each column as wide as its widest cell; those in `right` end together."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [(" " * GAP).join(_aligned(row, widths, right)).rstrip() for row in rows]


def _aligned(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> Iterator[str]:
    for number, (text, width) in enumerate(zip(row, widths, strict=True)):
        blank = " " * (width - cell_len(text))
        yield blank + text if number in right else text + blank
