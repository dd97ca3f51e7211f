"""Work by slack, and lists that cost the same however much there is."""

from pathlib import Path

from shared import migrations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0010.sql").read_text(encoding="utf-8"))
