"""Every dispute of a transaction is found by an index, whether it is open or not."""

from pathlib import Path

from shared import migrations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0005.sql").read_text(encoding="utf-8"))
