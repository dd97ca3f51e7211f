"""A bank, merchants, an account service and a receiver of callbacks for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.sandbox.world import (
    AccountsClient,
    BankClient,
    Client,
    Receiver,
    accounts_open,
    bank_open,
    merchants_open,
    receiving,
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def bank(tmp_path: Path, receiver: Receiver) -> AsyncIterator[BankClient]:
    del receiver  # started first, stopped last
    async with bank_open(tmp_path) as client:
        yield client


@pytest.fixture
async def merchants(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Client]:
    del receiver
    async with merchants_open(tmp_path) as client:
        yield client


@pytest.fixture
async def accounts(tmp_path: Path, receiver: Receiver) -> AsyncIterator[AccountsClient]:
    del receiver
    async with accounts_open(tmp_path) as client:
        yield client
