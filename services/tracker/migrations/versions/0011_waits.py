"""How long customers wait, and what is told of it."""

from pathlib import Path

from shared import migrations

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0011.sql").read_text(encoding="utf-8"))
