"""What the bank reads from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Without KAFKA_BOOTSTRAP_SERVERS the bank works and publishes nothing."""

    host: str = "127.0.0.1"
    port: int
    data_dir: Path
    partner_secrets: Path
    kafka_bootstrap_servers: str | None = None
    redress_topic_prefix: str = "redress"
