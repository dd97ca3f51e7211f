"""What the tracker reads from its environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import CommonSettings, KeyRingSettings


class DatabaseSettings(BaseSettings):
    """All that a migration and `republish` need."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    tracker_database_url: str = Field(description="postgresql:// address of its database")


class ReconcileSettings(DatabaseSettings):
    """All that `reconcile` needs."""

    bank_url: str = Field(description="base address of the bank")


class DeadLetterSettings(DatabaseSettings, KeyRingSettings):
    """All that the dead letters' commands need."""


class Settings(CommonSettings, ReconcileSettings):
    """The tracker's own variables."""

    merchant_url: str = Field(description="base address of the merchants' gateway")
    accounts_url: str = Field(description="base address of the account and identity service")
    public_url: str = Field(description="base address under which partners reach the callbacks")
    partner_secrets: str = Field(description="path of the webhook secrets by partner")
    reconcile_hour: int = Field(
        3, ge=0, le=23, description="hour (UTC) from which the bank's day before is reconciled"
    )
