"""What has no transaction is found by its reference when the books are compared."""

from pathlib import Path

from shared import migrations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0006.sql").read_text(encoding="utf-8"))
