"""The topics, by the name that code uses; a prefix isolates environments and tests."""

from enum import StrEnum

PARTITIONS = 12  # for life: more would break the order of a key
RETENTION_DAYS = 14


class Topic(StrEnum):
    """Every topic of Redress."""

    TRANSACTIONS = "transactions.v1"  # compacted, key = transaction id
    DISPUTES = "disputes.v1"  # key = dispute id, as all that follow
    MISSING_FUNDS = "missing-funds.v1"
    DISPUTE_STATUS = "dispute-status.v1"
    DELIVERIES = "deliveries.v1"

    def full(self, prefix: str) -> str:
        """The name in Kafka: `redress.disputes.v1`."""
        return f"{prefix}.{self.value}"
