"""Settings of the mail catcher, from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """HOST, PORT (page), SMTP_PORT, DATA_DIR."""

    host: str = "127.0.0.1"
    port: int = 8086
    smtp_port: int = 2525
    data_dir: Path = Path(".run/mail")
