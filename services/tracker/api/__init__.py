"""HTTP of the tracker: signed callbacks of partners, decisions of people, the state list."""

from fastapi import APIRouter

from services.tracker.api import callbacks, commands, lists
from services.tracker.api.desk import Desk

__all__ = ["Desk", "routes"]


def routes(desk: Desk) -> APIRouter:
    """Every route under `/v1`."""
    router = APIRouter()
    callbacks.add(router, desk)
    commands.add(router, desk)
    lists.add(router, desk)
    return router
