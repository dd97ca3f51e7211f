"""Assets on a chain have codes of three or four letters."""

from pathlib import Path

from shared import migrations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0003.sql").read_text(encoding="utf-8"))
