"""All accounts: they change only by applying records, so a replay rebuilds them exactly."""

from datetime import datetime
from typing import assert_never

from sandbox.accounts.inputs import Behaviour, HoldOrder, Kind, OutsideHold, Scope
from sandbox.accounts.models import Account, Hold, Inquiry
from sandbox.accounts.records import (
    AccountRecord,
    AccountTold,
    AskedAlso,
    CheckAsked,
    Ended,
    HoldFrozen,
    HoldPlaced,
    HoldReleased,
    ResetAsked,
    Topic,
    Unreached,
)


class Book:
    """Accounts by customer; holds and inquiries by the caller's reference, oldest first."""

    def __init__(self) -> None:
        """An empty book."""
        self.accounts: dict[str, Account] = {}
        self.holds: dict[str, Hold] = {}
        self.inquiries: dict[Topic, dict[str, Inquiry]] = {"identity": {}, "reset": {}}

    def account(self, customer_id: str) -> Account:
        """The account; everybody has one, and reading of it keeps nothing."""
        known = self.accounts.get(customer_id)
        return known or Account(customer_id, Behaviour(customer_id=customer_id))

    def apply(self, record: AccountRecord) -> None:
        """Take over what happened. Never refuses: that was decided before the record."""
        match record:
            case AccountTold():
                self._told(record)
            case Unreached():
                self.accounts[record.customer_id].unreached += 1
            case HoldPlaced(order=order):
                self._placed(order, record.at)
            case HoldFrozen():
                hold = self.holds[record.reference]
                hold.frozen_at, hold.scope = record.at, "all"
            case HoldReleased():
                self.holds[record.reference].released_at = record.at
            case CheckAsked() | ResetAsked():
                self._asked(record)
            case AskedAlso():
                inquiry = self.inquiries[record.topic][record.reference]
                inquiry.callback_urls.append(record.callback_url)
            case Ended():
                self.inquiries[record.topic][record.reference].ended = record
            case _:
                assert_never(record)

    def _told(self, told: AccountTold) -> None:
        account = self._kept(told.behaviour.customer_id)
        account.behaviour, account.told_at, account.unreached = told.behaviour, told.at, 0
        holds = told.behaviour.holds
        new: dict[tuple[Kind, Scope], OutsideHold] = {(h.kind, h.scope): h for h in holds}
        for hold in account.holds:
            if hold.order or hold.released_at or new.pop((hold.kind, hold.scope), None):
                continue
            hold.released_at = told.at
        for each in new.values():
            account.holds.append(Hold(account.customer_id, each.kind, each.scope, told.at))

    def _placed(self, order: HoldOrder, at: datetime) -> None:
        refused = not self.account(order.customer_id).behaviour.exists
        hold = Hold(order.customer_id, order.kind, order.scope, at, order, refused=refused)
        self.holds[order.reference] = hold
        self._kept(order.customer_id).holds.append(hold)

    def _asked(self, asked: CheckAsked | ResetAsked) -> None:
        inquiry = Inquiry(asked.order, asked.at, [asked.order.callback_url])
        self.inquiries[inquiry.topic][asked.order.reference] = inquiry
        self._kept(asked.order.customer_id).inquiries.append(inquiry)

    def _kept(self, customer_id: str) -> Account:
        return self.accounts.setdefault(customer_id, self.account(customer_id))
