"""Where one running Redress keeps its files, and on which ports it listens."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import kafka_jars, ports, postgres_place, profile
from deploy.local.files import CHECKOUT

RUN: Final = CHECKOUT / ".run"
CACHE: Final = Path(os.environ.get("REDRESS_CACHE", CHECKOUT / ".cache"))
KAFKA_JARS: Final = CACHE / f"kafka-{kafka_jars.VERSION}"


@dataclass(frozen=True, slots=True)
class Layout:
    """`ports` holds every name of `ports.FIXED`. Fresh data is deleted before and after."""

    work: Path
    ports: Mapping[str, int]
    fresh: bool
    wallet: str = profile.WALLET
    prefix: str = "redress"

    @property
    def profile(self) -> str:
        """The rules: in seconds, whatever the wallet."""
        return profile.of(self.wallet)

    @property
    def logs(self) -> Path:
        """`<name>.log` of every process."""
        return self.work / "logs"

    @property
    def secrets(self) -> Path:
        """Keys and passwords, mode 0600."""
        return self.work / "secrets"

    @property
    def data(self) -> Path:
        """What the sandbox and the services keep in files."""
        return self.work / "data"

    @property
    def endpoints(self) -> Path:
        """Written once everything is ready."""
        return self.work / "endpoints.json"

    @property
    def pids(self) -> Path:
        """Name → process id of everything that runs."""
        return self.work / "pids.json"

    def remove_data(self) -> None:
        """Delete all but the logs."""
        postgres_place.remove(self.work)
        for folder in ("secrets", "data", "kafka"):
            shutil.rmtree(self.work / folder, ignore_errors=True)
        for file in (self.endpoints, self.pids, self.work / "postgres.id"):
            file.unlink(missing_ok=True)


def kept(work: Path = RUN) -> Layout:
    """Fixed ports, data that survives a restart. Raises StartError for a port that is none."""
    prefix = os.environ.get("REDRESS_TOPIC_PREFIX", "redress")
    wallet = profile.wallet_named()
    return Layout(work, ports.fixed(), fresh=False, wallet=wallet, prefix=prefix)


def fresh(work: Path, wallet: str = profile.WALLET, prefix: str = "redress") -> Layout:
    """Free ports, fresh data. Raises StartError without free ports."""
    found = ports.free(len(ports.FIXED))
    free = dict(zip(ports.FIXED, found, strict=True))
    return Layout(work, free, fresh=True, wallet=wallet, prefix=prefix)
