"""A case for tests, written out by hand."""

from typing import Final

from deploy.demo.stories import Case

CASE: Final = Case.model_validate(
    {
        "name": "lamp",
        "title": "a lamp",
        "customer": {
            "id": "c-1",
            "name": "Jane Doe",
            "locale": "en",
            "phone": "+1 415 555 0102",
            "email": "jane@example.com",
            "time_zone": "UTC",
        },
        "transaction": {
            "id": "T1",
            "kind": "payment",
            "amount_minor": "26800",
            "currency": "CNY",
            "merchant_id": "m-1",
            "hours_ago": 3,
        },
        "request": {"kind": "refund_request", "reason": "cancelled", "says": "Please."},
        "ends": {
            "status": "credited",
            "statuses": ["received?", "checking", "refund_sent", "credited"],
            "steps": ["received", "refund_credited"],
            "back_minor": "26800",
            "payer": "merchant",
            "journal": ["captured", "refund_sent", "refund_credited"],
            "merchant_asked": 1,
            "messages": [
                {"sms": ["sent to"], "subject": "Sent", "mail": ["not yet arrived"]},
                {"sms": ["has arrived"], "subject": "Arrived", "mail": ["closed"]},
            ],
        },
    }
)
