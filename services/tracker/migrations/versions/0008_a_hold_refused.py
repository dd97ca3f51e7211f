"""A hold may be refused."""

from pathlib import Path

from shared import migrations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0008.sql").read_text(encoding="utf-8"))
