"""What the node reads from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """`block_s`: seconds from block to block; 0: blocks are only mined by hand."""

    host: str = "127.0.0.1"
    port: int
    data_dir: Path
    block_s: float = 1.0
