"""Whether an opening came without a token, and which dispute it is about."""

from pathlib import Path

from shared import migrations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0007.sql").read_text(encoding="utf-8"))
