"""The form of ids of users and sessions."""

from __future__ import annotations

import re

_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Return whether text has the form of the id of a user or a session."""
    return _ID.fullmatch(text) is not None
