"""Read sent MIME messages for display."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_string, policy

# Eight digits on a line of their own; a text has no other number as long.
_CODE = re.compile(r"^\s*([0-9]{8})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail. `code` is the code in its text, or None if it has none."""

    to: str
    subject: str
    text: str
    code: str | None
    language: str


def read_message(raw: str) -> Entry:
    """Return the visible content of a message with a text part."""
    message = message_from_string(raw, policy=policy.default)
    part = message.get_body(("plain",))
    text = str(part.get_content()).replace("\r\n", "\n") if part else ""
    found = _CODE.search(text)
    return Entry(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=text,
        code=found[1] if found else None,
        language=str(message["Content-Language"] or "en"),
    )
