"""Kafka's jars: fetched once from Maven Central, checked against pinned sums, kept in a cache."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import jgo

from deploy.local.errors import StartError

VERSION: Final = "4.3.1"
KAFKA: Final = f"org.apache.kafka:kafka_2.13:{VERSION}"
# Kafka logs through slf4j; without the binding of the log4j that it brings, it logs nothing.
# Resolved apart: together, log4j's bill of materials would replace versions of Kafka's own jars.
LOG_BINDING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
SUMS: Final = Path(__file__).with_name(f"kafka-{VERSION}.sha256")

UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"  # also what a proxy that looks into TLS leads to


class JarMismatchError(StartError):
    """A jar is not the one that was pinned."""

    def __init__(self, jar: Path) -> None:
        super().__init__(
            f"{jar} does not have the SHA-256 sum pinned in {SUMS.name}: delete it and start again."
        )


def ensure(cache: Path, tell: Callable[[str], None]) -> list[Path]:
    """The verified jars in `cache`, fetched when they are not all there.

    Raises JarMismatchError, or StartError when they cannot be fetched.
    """
    sums = pinned()
    if missing(cache, sums):
        tell(f"fetching Apache Kafka {VERSION} ({len(sums)} jars, 44 MB, first run only)")
        _fetch(cache, sums)
    return [_verified(cache / name, wanted) for name, wanted in sums.items()]


def pinned() -> dict[str, str]:
    """File name → SHA-256, as committed (the format of `sha256sum`)."""
    rows = (line.split() for line in SUMS.read_text().splitlines())
    return {name: digest for digest, name in rows}


def missing(cache: Path, sums: dict[str, str]) -> bool:
    """Whether at least one pinned jar is not in the cache."""
    return not all((cache / name).exists() for name in sums)


def _fetch(cache: Path, sums: dict[str, str]) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for source in _resolve(cache):
            if source.name in sums:
                _copy(_verified(source, sums[source.name]), cache)
    except (OSError, RuntimeError, ValueError) as reason:
        if UNTRUSTED in str(reason):
            raise StartError(
                "Apache Kafka could not be fetched, because Maven Central's certificate is not"
                " trusted here: name the file of those that are with REQUESTS_CA_BUNDLE."
            ) from reason
        raise StartError(
            f"Apache Kafka could not be fetched from Maven Central (the first run needs a network):"
            f" {reason}"
        ) from reason
    if missing(cache, sums):
        raise StartError(f"Maven Central's Kafka {VERSION} lacks jars that {SUMS.name} names.")


def _resolve(cache: Path) -> list[Path]:
    if not os.access(Path.home(), os.W_OK):
        os.environ.setdefault("M2_REPO", str(cache.parent / "maven"))
    artifacts = [*jgo.resolve(KAFKA), jgo.resolve(LOG_BINDING)[0]]
    return [artifact.resolve() for artifact in artifacts]


def _copy(source: Path, cache: Path) -> None:
    partial = cache / f".{source.name}.{os.getpid()}"
    shutil.copyfile(source, partial)
    partial.replace(cache / source.name)


def _verified(jar: Path, wanted: str) -> Path:
    with jar.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != wanted:
            raise JarMismatchError(jar)
    return jar
