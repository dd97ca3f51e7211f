"""Pages for ops staff."""

from services.tracker.ops.pages import pages

__all__ = ["pages"]
