"""What the intake reads from its environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import CommonSettings, KeyRingSettings


class DatabaseSettings(BaseSettings):
    """All that a migration needs."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    intake_database_url: str = Field(description="postgresql:// address of intake's database")


class DeadLetterSettings(DatabaseSettings, KeyRingSettings):
    """All that the dead letters' commands need."""


class Settings(CommonSettings, DatabaseSettings):
    """Intake's own variables beside the common ones."""

    intake_queue_limit: int = Field(
        5000, ge=1, le=50_000, description="claims that may wait for the group commit; then 429"
    )
    intake_reemit_after_s: int = Field(
        300, ge=1, description="seconds without a status until an opening is published again"
    )
    intake_keys_kept_days: int = Field(
        7, ge=1, le=90, description="days that an Idempotency-Key and its answer are kept"
    )
    intake_client_header: str | None = Field(
        None, description="header in which the proxy in front names the client's address (last)"
    )
    intake_reports_in_all: int = Field(
        10_000, ge=1, le=100_000, description="reports without a token in ten minutes; then 429"
    )
    intake_reports_per_network: int = Field(
        100, ge=1, description="the same, from one network: IPv4 /24, IPv6 /48"
    )
    intake_reports_per_address: int = Field(
        20, ge=1, description="the same, from one client address"
    )
    intake_reports_per_customer: int = Field(5, ge=1, description="the same, about one customer")
