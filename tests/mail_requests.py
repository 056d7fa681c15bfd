"""Mail requests for tests."""

from __future__ import annotations

import itertools
from typing import Any

from chalicelib.domain.mail import MailKind, MailRequest
from chalicelib.domain.secret import Secret
from tests.fakes import START

CODE = "48151623"
_IDS = itertools.count(1)


def mail_request(kind: MailKind, **fields: Any) -> MailRequest:
    """Return a request, with a code where its kind has one; no two have the same id."""
    return MailRequest(
        **{
            "message_id": f"{next(_IDS):032x}",
            "kind": kind,
            "address": "",
            "user_id": "",
            "code": Secret(CODE) if kind.has_code else None,
            "language": "en",
            "verification_id": "0" * 64 if kind.has_code else "",
            "created_at": START,
            **fields,
        }
    )
