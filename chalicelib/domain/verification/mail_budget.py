"""Limits for mails to one address.

Mails are counted by the canonical form of the address, whether it has an account or not. The windows slide:
in any period of an hour or a day, at most as many mails as the limit are sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

NETWORK_MAILS = 5
"""Mails an hour to one address that requests from one network can cause."""
DAILY_MAILS = 20
"""Mails a day to one address that requests from all networks can cause."""
DEVICE_SOURCE = "device"
"""Source of requests with a device key of the address's account. It has both limits of its own."""
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class SentMail:
    """A counted mail: when it was requested (Unix seconds), and from which source."""

    at: int
    source: str


@dataclass(frozen=True, slots=True)
class MailBudget:
    """The mails of the last day to one address. `revision` counts writes; each write is conditional on it."""

    mails: tuple[SentMail, ...] = ()
    revision: int = 0

    def charge(self, source: str, now: int) -> tuple[Self, bool]:
        """Return the budget after a request from `source`, and whether its mail may be sent.

        The budget has a new revision in both cases, so that the request makes the same write.
        """
        day = [one for one in self.mails if one.at > now - DAY]
        from_source = [one for one in day if one.source == source]
        last_hour = sum(one.at > now - HOUR for one in from_source)
        in_pool = sum((one.source == DEVICE_SOURCE) == (source == DEVICE_SOURCE) for one in day)
        is_allowed = last_hour < NETWORK_MAILS and in_pool < DAILY_MAILS
        if is_allowed:
            day.append(SentMail(now, source))
        return replace(self, mails=tuple(day), revision=self.revision + 1), is_allowed
