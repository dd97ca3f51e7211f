"""What the notifier reads from its environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.notifier.domain.wording import Brand
from shared.settings import CommonSettings, KeyRingSettings


class DatabaseSettings(BaseSettings):
    """All that a migration needs."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    notifier_database_url: str = Field(description="postgresql:// address of its database")


class DeadLetterSettings(DatabaseSettings, KeyRingSettings):
    """All that the dead letters' commands need."""


class Settings(CommonSettings, DatabaseSettings):
    """The notifier's own variables beside the common ones."""

    smpp_host: str = Field("127.0.0.1", description="the SMS gateway's host")
    smpp_port: int = Field(2775, description="the SMS gateway's SMPP port")
    smpp_system_id: str = Field("redress", max_length=15, description="who binds")
    smpp_password: str = Field("redress", max_length=8, description="with which password")
    smpp_source: str = Field("Redress", max_length=11, description="sender shown to the phone")
    smtp_host: str = Field("127.0.0.1", description="the mail server's host")
    smtp_port: int = Field(2525, description="the mail server's port")
    smtp_connections: int = Field(8, ge=1, le=64, description="kept connections at most")
    mail_from: str = Field("no-reply@redress.invalid", description="the sender's address")
    ambiguous_wait_s: float = Field(
        120.0, gt=0, description="seconds to wait for a receipt after an unanswered send"
    )
    sending_lease_s: float = Field(
        60.0, ge=1, description="seconds after which a send nobody recorded counts as ambiguous"
    )
    answer_timeout_s: float = Field(
        20.0, gt=0, description="seconds to wait for a provider's answer"
    )
    sends_at_once: int = Field(128, ge=1, le=500, description="messages under way per channel")

    def brand(self, locale: str) -> Brand:
        """Return the operator as a reader of this language knows it."""
        wallet = self.wallet
        return Brand(wallet.brand.of(locale), wallet.signature.of(locale), wallet.hotline)
