"""Alembic's entry point for intake's database."""

from services.intake.store.tables import metadata
from shared import migrations

migrations.run(metadata)
