"""The export of the user's own data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.own.export import PAGE_ITEMS, ExportedItem, PersonalData, Position, Section
from chalicelib.domain.ports import Keys
from chalicelib.domain.tokens.claims import VerifiedClaims

_OPERATOR = "operator"
"""Exported as the actor of a change by another person, whose id is not the user's data."""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A page, and the cursor of the next one, or None."""

    items: tuple[ExportedItem, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class OwnExport:
    """Exports page by page. An item that is added during an export may be missing; no item occurs twice."""

    own_account: OwnAccount
    data: PersonalData
    keys: Keys

    def __call__(self, claims: VerifiedClaims, cursor: str | None) -> ExportPage:
        """Return the page of a cursor, or the first one.

        Raises InvalidToken, InvalidRequest for a cursor that was not issued to this user, and Unavailable.
        """
        account, _ = self.own_account.load(claims)
        key = self.keys.current().name_key
        begin = Position.of(cursor, account.user_id, key) if cursor else Position(Section.ACCOUNT)
        items, end = self._items(account, begin)
        return ExportPage(
            tuple(_for_owner(one, account.user_id) for one in items),
            end.cursor(account.user_id, key) if end else None,
        )

    def _items(self, account: Account, begin: Position) -> tuple[list[ExportedItem], Position | None]:
        items: list[ExportedItem] = []
        section: Section | None = begin.section
        after = begin.after
        while section is not None:
            if section is Section.ACCOUNT:
                items += self.data.exported_account(account)
            elif len(items) >= PAGE_ITEMS:
                return items, Position(section, after)
            else:
                found, after = self.data.exported(
                    account.user_id, section, limit=PAGE_ITEMS - len(items), after=after
                )
                items += found
                if after is not None:
                    return items, Position(section, after)
            section = section.following
        return items, None


def _for_owner(item: ExportedItem, user_id: str) -> ExportedItem:
    if item.attributes.get("actor", user_id) == user_id:
        return item
    return replace(item, attributes={**item.attributes, "actor": _OPERATOR})
