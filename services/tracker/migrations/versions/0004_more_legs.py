"""Legs of every kind, the account service's tasks, reservations, compensations."""

from pathlib import Path

from shared import migrations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute((Path(__file__).parents[1] / "0004.sql").read_text(encoding="utf-8"))
