"""Events of SES, in the form in which EventBridge puts them into a queue."""

from __future__ import annotations

from typing import Any


def bounce(*addresses: str, kind: str = "Permanent") -> dict[str, Any]:
    """Return the event of a bounce; `kind` is `Permanent`, `Transient` or `Undetermined`."""
    recipients = [{"emailAddress": one, "action": "failed", "status": "5.1.1"} for one in addresses]
    detail = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients}
    return _event("Email Bounced", {"eventType": "Bounce", "bounce": detail})


def complaint(*addresses: str) -> dict[str, Any]:
    """Return the event of a complaint."""
    detail = {"complainedRecipients": [{"emailAddress": one} for one in addresses]}
    return _event("Email Complaint Received", {"eventType": "Complaint", "complaint": detail})


def _event(detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
    mail = {"messageId": "0100018c", "tags": {"ses:configuration-set": ["gatehouse-test"]}}
    return {
        "version": "0",
        "id": "11111111-1111-4111-8111-111111111111",
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": "123456789012",
        "region": "us-east-1",
        "resources": [],
        "detail": {**detail, "mail": mail},
    }
