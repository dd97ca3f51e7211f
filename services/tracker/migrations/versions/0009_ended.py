"""When a dispute came to its end."""

from pathlib import Path

from shared import migrations

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0009.sql").read_text(encoding="utf-8"))
