"""What tests and stories tell the node."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewTransaction(_Input):
    """A transaction as it stands on the chain.

    `pending` is taken up `in_blocks` from now (never, where that is missing), and fails then if it
    `reverts`. The others were taken up `blocks_ago`.
    """

    hash: Hash
    state: Literal["pending", "confirmed", "reverted"]
    to: Address = "0x" + "2" * 40
    sender: Address = "0x" + "1" * 40
    amount_minor: Annotated[str, Field(pattern=r"^[0-9]{1,38}$")] = "0"
    asset: Literal["ETH", "USDT", "USDC"] = "ETH"
    contract: bool = False
    blocks_ago: Annotated[int, Field(ge=0, le=1000)] = 20
    in_blocks: Annotated[int, Field(ge=1, le=1000)] | None = None
    reverts: bool = False


class Mine(_Input):
    """So many blocks, at once."""

    count: Annotated[int, Field(ge=1, le=1000)] = 1


class Silence(_Input):
    """The next so many requests are not answered."""

    requests: Annotated[int, Field(ge=0, le=1000)]


class Request(BaseModel):
    """JSON-RPC 2.0."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    jsonrpc: Literal["2.0"]
    id: int | str
    method: str
    params: list[str] = []
