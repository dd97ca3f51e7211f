"""What the tracker reads from its environment."""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.rules import BadProfile
from shared.settings import CommonSettings, KeyRingSettings

NODE: Final = "node"
_OF_A_NODE: Final = ("node_url",)
_OF_A_BANK: Final = ("bank_url", "merchant_url", "accounts_url")


class DatabaseSettings(BaseSettings):
    """All that a migration and `republish` need."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    tracker_database_url: str = Field(description="postgresql:// address of its database")


class ReconcileSettings(DatabaseSettings):
    """All that `reconcile` needs."""

    bank_url: str = Field(description="base address of the bank")


class DeadLetterSettings(DatabaseSettings, KeyRingSettings):
    """All that the dead letters' commands need."""


class Settings(CommonSettings, DatabaseSettings):
    """The tracker's own variables; which outside parties it needs is the wallet's rail's affair."""

    bank_url: str | None = Field(None, description="base address of the bank")
    merchant_url: str | None = Field(None, description="base address of the merchants' gateway")
    accounts_url: str | None = Field(
        None, description="base address of the account and identity service"
    )
    node_url: str | None = Field(None, description="address of a node's JSON-RPC interface")
    node_confirmations: int = Field(12, ge=1, description="blocks after which it counts as done")
    node_block_s: float = Field(12.0, gt=0, description="seconds from block to block")
    node_pending_s: float = Field(
        86_400.0, gt=0, description="seconds until one that waits is looked at and told of again"
    )
    public_url: str = Field(description="base address under which partners reach the callbacks")
    partner_secrets: str = Field(description="path of the webhook secrets by partner")
    reconcile_hour: int = Field(
        3, ge=0, le=23, description="hour (UTC) from which the bank's day before is reconciled"
    )

    @property
    def reads_a_chain(self) -> bool:
        """Whether a node stands behind the wallet, and no bank, merchant or account service."""
        return self.wallet.rail == NODE

    @property
    def outside(self) -> dict[str, str]:
        """The addresses that the wallet's rail needs, by variable.

        Raises:
            BadProfile: one of them is missing; says which and for what.

        """
        names = _OF_A_NODE if self.reads_a_chain else _OF_A_BANK
        found = {name: str(getattr(self, name) or "") for name in names}
        if missing := [name.upper() for name in names if not found[name]]:
            rail = f"the rail {self.wallet.rail} of the wallet {self.wallet.name}"
            raise BadProfile(f"{', '.join(missing)}: {rail} needs it; set it")
        return found
