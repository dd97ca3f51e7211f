"""Settings of the SMS gateway, from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """HOST, PORT (page), SMPP_PORT, SMPP_SYSTEM_ID, SMPP_PASSWORD, DATA_DIR, RECEIPT_DELAY_S."""

    host: str = "127.0.0.1"
    port: int = 8085
    smpp_port: int = 2775
    smpp_system_id: str = "redress"
    smpp_password: str = "redress"  # noqa: S105 -- a stand-in's well-known default
    data_dir: Path = Path(".run/sms")
    receipt_delay_s: float = 0.05
    decimal_receipts: bool = False
