"""The tracker's stage: its histories are replayed and its books checked after each test."""

from tests.integration.tracker.conftest import stage

__all__ = ["stage"]
