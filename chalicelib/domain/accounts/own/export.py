"""The export of a user's data: its sections, their order, and the port that reads them."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.sign_in.name_key import NameKey

PAGE_ITEMS = 100
"""Items of a page. With the largest items it stays far below the 6 MB that Lambda returns at most."""
_TAG_BYTES = 16

Value = str | int | bool | list[str] | list[int]


class Section(StrEnum):
    """A section of the export. The value is the `kind` of its items; the order is that of the export."""

    ACCOUNT = "account"
    FORMER_NAMES = "former_username"
    SESSIONS = "session"
    DEVICES = "device"
    API_KEYS = "api_key"
    ENDED_SESSIONS = "ended_session"
    CHANGES = "change"

    @property
    def following(self) -> Section | None:
        """Return the next section, or None after the last."""
        every = list(Section)
        at = every.index(self) + 1
        return every[at] if at < len(every) else None


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """An item as it is exported: without secrets. Times are Unix seconds; `text` is a profile, as JSON."""

    kind: str
    attributes: Mapping[str, Value]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The start of a page: in `section`, after the item with the sort key `after`; None: at its start."""

    section: Section
    after: str | None = None

    def cursor(self, user_id: str, key: NameKey) -> str:
        """Return a position in the export of one user as an opaque cursor."""
        text = f"{self.section.name} {self.after or ''}"
        return base64.urlsafe_b64encode(_tag(user_id, text, key) + text.encode()).rstrip(b"=").decode()

    @classmethod
    def of(cls, cursor: str, user_id: str, key: NameKey) -> Position:
        """Read a cursor. Raises InvalidRequest if it was changed, or belongs to another user."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            text = raw[_TAG_BYTES:].decode()
        except (binascii.Error, ValueError) as error:
            raise _malformed() from error
        canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        if canonical != cursor or not hmac.compare_digest(raw[:_TAG_BYTES], _tag(user_id, text, key)):
            raise _malformed()
        name, _, after = text.partition(" ")
        if name not in Section.__members__:
            raise _malformed()
        return cls(Section[name], after or None)


def _tag(user_id: str, text: str, key: NameKey) -> bytes:
    return key.digest("export cursor", user_id, text)[:_TAG_BYTES]


def _malformed() -> InvalidRequest:
    return InvalidRequest(
        "malformed cursor", description="The parameter cursor is not one that this export has returned."
    )


class PersonalData(Protocol):
    """The data stored about a user. Every method raises `errors.Unavailable` on an I/O failure."""

    def exported_account(self, account: Account) -> list[ExportedItem]:
        """Return the items of which there is one: the account, the profile, and a mark of its address."""

    def exported(
        self, user_id: str, section: Section, *, limit: int, after: str | None
    ) -> tuple[list[ExportedItem], str | None]:
        """Return at most `limit` items of another section, after the sort key `after`.

        The second value is the sort key after which the next page begins, or None at the end of the section.
        A page may be empty before the end.
        """
