"""The journal: whole records or none, and a clear stop when the file is damaged."""

import errno
import os
from pathlib import Path

import pytest

from sandbox.callbacks import CallbackEnded
from sandbox.journal import Journal, JournalCorruptError
from sandbox.merchant.records import RECORDS

A = CallbackEnded("a", delivered=True)
B = CallbackEnded("b", delivered=False)


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "j.jsonl"
    journal = Journal(path, RECORDS)
    journal.append(A, B)
    journal.close()
    journal = Journal(path, RECORDS)
    journal.append(A)
    assert list(journal.replay()) == [A, B, A]
    journal.close()


@pytest.mark.parametrize("torn", [b'{"callback_id":"c"', b"{}}\n", b"\x00" * 200_000])
def test_a_torn_last_line_is_dropped(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path, RECORDS)
    journal.append(A)
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    journal = Journal(path, RECORDS)
    assert path.read_bytes() == whole
    journal.close()


def test_a_damaged_line_in_the_middle_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path, RECORDS)
    journal.append(A, B)
    journal.close()
    path.write_bytes(b"{broken\n" + path.read_bytes())
    journal = Journal(path, RECORDS)
    with pytest.raises(JournalCorruptError, match="line 1 "):
        list(journal.replay())
    journal.close()


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j.jsonl", RECORDS)
    journal.append(A)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, data[:7]))
        with pytest.raises(OSError, match="no space") as caught:
            journal.append(B)
    assert caught.value.errno == errno.ENOSPC
    journal.append(B)
    assert list(journal.replay()) == [A, B]
    journal.close()
