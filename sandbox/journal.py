"""An append-only file of JSON lines: what a sandbox server must still know after kill -9."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic_core
import structlog
from pydantic import TypeAdapter

log = structlog.get_logger(__name__)


class JournalCorruptError(Exception):
    """A line before the last one cannot be read: the file was edited or the disk is damaged."""


class JournalLockedError(Exception):
    """Another process has this journal open: two servers must not share a DATA_DIR."""


class Journal:
    """Records of one union of dataclasses, one JSON line each, in the order they happened.

    A record is handed to the operating system before `append` returns, so it survives the
    death of the process; it is not synced to the disk, so it need not survive the machine's.
    """

    def __init__(self, path: Path, records: TypeAdapter[Any]) -> None:
        """Open or create `path` and drop a torn last line.

        Raises:
            JournalLockedError: another process holds the file.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._records = records
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock()
        self._size = self._drop_torn_line()

    def append(self, *records: object) -> None:
        """Write all records at once. Raises OSError, with nothing written, on a full disk."""
        data = b"".join(pydantic_core.to_json(record) + b"\n" for record in records)
        try:
            written = os.write(self._file, data)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        if written != len(data):
            os.ftruncate(self._file, self._size)
            raise OSError(28, "no space left for the journal", str(self._path))
        self._size += written

    def replay(self) -> Iterator[Any]:
        """Every record written so far, oldest first.

        Raises:
            JournalCorruptError: a line in the middle does not parse.
        """
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield self._records.validate_json(line)
                except ValueError as error:
                    message = f"{self._path} line {number} is unreadable: {error}"
                    raise JournalCorruptError(message) from error

    def close(self) -> None:
        """Release the file and its lock."""
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            message = f"{self._path} is in use: stop the other server or set another DATA_DIR"
            raise JournalLockedError(message) from error

    def _drop_torn_line(self) -> int:
        """The file's size once a last line that is cut short is gone."""
        size = os.fstat(self._file).st_size
        start = self._line_start(size)
        line = os.pread(self._file, size - start, start)
        if size == 0 or (line.endswith(b"\n") and _is_json(line)):
            return size
        log.warning("torn journal line dropped", journal=self._path.name, bytes=size - start)
        os.ftruncate(self._file, start)
        return start

    def _line_start(self, end: int) -> int:
        """Offset of the first byte of the line that ends just before `end`."""
        chunk = 64 * 1024
        position = end - 1  # the line's own newline does not count
        while position > 0:
            begin = max(0, position - chunk)
            found = os.pread(self._file, position - begin, begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            position = begin
        return 0


def _is_json(line: bytes) -> bool:
    try:
        pydantic_core.from_json(line)
    except ValueError:
        return False
    return True
