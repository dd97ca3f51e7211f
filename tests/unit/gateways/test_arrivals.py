from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from sandbox.journal import Journal
from sandbox.sms.arrivals import Arrivals, Query, shorten

START = datetime(2026, 10, 13, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Note:
    position: int
    to: str
    received_at: datetime
    size: int = 100


def note(position: int, to: str = "a") -> Note:
    return Note(position, to, START + timedelta(seconds=position))


def made(path: Path, **bounds: int) -> Arrivals[Note]:
    return Arrivals[Note](Journal(path / "notes.jsonl", TypeAdapter(Note)), **bounds)


def positions(arrivals: Arrivals[Note], query: Query) -> list[int]:
    return [found.position for found in arrivals.find(query)]


def test_the_newest_are_kept_and_the_count_goes_on(tmp_path: Path) -> None:
    arrivals = made(tmp_path, keep=10)
    for position in range(1, 101):
        arrivals.add(note(position, to=f"p{position % 2}"))
    kept = positions(arrivals, Query(limit=1000))
    assert 10 <= len(kept) <= 11
    assert kept[-1] == arrivals.total == 100
    assert arrivals.at(100) == note(100, "p0")
    assert arrivals.at(1) is None
    assert set(positions(arrivals, Query(to="p0"))) == {p for p in kept if p % 2 == 0}


def test_what_is_kept_is_bounded_in_bytes(tmp_path: Path) -> None:
    arrivals = made(tmp_path, keep_bytes=1000)
    for position in range(1, 101):
        arrivals.add(note(position))
    assert len(positions(arrivals, Query(limit=1000))) <= 10


def test_queries(tmp_path: Path) -> None:
    arrivals = made(tmp_path)
    for position in range(1, 7):
        arrivals.add(note(position, to="ab"[position % 2]))
    assert positions(arrivals, Query(limit=2)) == [5, 6]
    assert positions(arrivals, Query(after=2, limit=2)) == [3, 4]
    assert positions(arrivals, Query(since=START + timedelta(seconds=4))) == [5, 6]
    assert positions(arrivals, Query(to="b", after=1)) == [3, 5]
    assert positions(arrivals, Query(to="nobody")) == []


def test_a_journal_that_grew_too_long_is_cut_to_its_newest_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("".join(f"line {n}\n" for n in range(10)))
    shorten(path, keep_bytes=20)
    assert path.read_text() == "line 8\nline 9\n"
    shorten(path, keep_bytes=20)
    shorten(tmp_path / "none")
    assert path.read_text() == "line 8\nline 9\n"
