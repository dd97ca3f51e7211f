"""Alembic's entry point for notifier's database."""

from services.notifier.store.tables import metadata
from shared import migrations

migrations.run(metadata)
