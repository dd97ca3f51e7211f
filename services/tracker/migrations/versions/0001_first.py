"""Outbox, inbox, dead letters, tasks, disputes, history, reservations."""

from pathlib import Path

from shared import migrations, pipes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: old code must run against the new schema while a rollout lasts."""
    migrations.execute(pipes.ddl("0001"))
    migrations.execute((Path(__file__).parents[1] / "0001.sql").read_text(encoding="utf-8"))
