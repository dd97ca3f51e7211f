"""In which wallet a dispute was opened."""

from pathlib import Path

from shared import migrations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0012.sql").read_text(encoding="utf-8"))
