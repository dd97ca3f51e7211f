"""Alembic's environment of the tracker's database."""

from services.tracker.store.tables import metadata
from shared import migrations

migrations.run(metadata)
