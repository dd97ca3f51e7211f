"""What the tracker reads from its environment."""

from pydantic import Field

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """The tracker's own variables."""

    tracker_database_url: str = Field(description="postgresql:// address of its database")
    bank_url: str = Field(description="base address of the bank")
    merchant_url: str = Field(description="base address of the merchants' gateway")
    public_url: str = Field(description="base address under which partners reach the callbacks")
    partner_secrets: str = Field(description="path of the webhook secrets by partner")
