"""What the account service reads from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """PARTNER_SECRETS holds the secret of "accounts", or one for all under "*"."""

    host: str = "127.0.0.1"
    port: int
    data_dir: Path
    partner_secrets: Path
