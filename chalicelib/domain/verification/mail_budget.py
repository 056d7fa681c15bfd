"""How many mails strangers can have sent to one address.

Mails are counted by the matched form of the address, whether it has an account or not. Windows slide: at no
moment were more mails sent within the last hour or day than the limit says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

NETWORK_MAILS = 5
"""Mails an hour to one address that requests from one network can cause."""
DAILY_MAILS = 20
"""Mails a day to one address that requests from all networks can cause."""
DEVICE_SOURCE = "device"
"""Source of requests with a device key of the address's account. It has both limits for itself."""
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that counts: when it was asked for (Unix seconds) and from which source."""

    at: int
    source: str


@dataclass(frozen=True, slots=True)
class MailBudget:
    """The mails of the last day to one address. `revision` counts writes, by which they are conditional."""

    mails: tuple[SentMail, ...] = ()
    revision: int = 0

    def charge(self, source: str, now: int) -> tuple[Self, bool]:
        """Return the budget after a request from `source`, and whether its mail may be sent.

        Either budget has a new revision, so that a request costs the same write in both cases.
        """
        day = [one for one in self.mails if one.at > now - DAY]
        from_source = [one for one in day if one.source == source]
        last_hour = sum(one.at > now - HOUR for one in from_source)
        in_pool = sum((one.source == DEVICE_SOURCE) == (source == DEVICE_SOURCE) for one in day)
        is_allowed = last_hour < NETWORK_MAILS and in_pool < DAILY_MAILS
        if is_allowed:
            day.append(SentMail(now, source))
        return replace(self, mails=tuple(day), revision=self.revision + 1), is_allowed
