"""Ports of whoever replaces keys. Like those of `domain.ports`, they raise Unavailable on any I/O failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.signing_keys import SigningKey
from chalicelib.domain.tokens.system_state import SystemState


class StaleVersion(Unavailable):
    """Another version is AWSCURRENT than the caller had read: it has changed, or that read was late."""


class KeyVersions(Protocol):
    """The versions of the signing secret, for whoever replaces keys.

    Reads are eventually consistent, without a bound on the delay: what was just written may not be seen yet.
    Writes go by what is really there, and never depend on a read.
    """

    def labels(self) -> Mapping[str, frozenset[str]]:
        """Return the staging labels of every version that has one, by version id."""

    def key(self, version_id: str) -> SigningKey | None:
        """Return the key of a version, or None where that version has no value yet."""

    def add(self, key: SigningKey, *, label: str) -> None:
        """Write a new version under a label; a version that has a value already keeps it."""

    def promote(self, version_id: str, *, instead_of: str) -> None:
        """Make a version AWSCURRENT; `instead_of`, which has to be that, becomes AWSPREVIOUS.

        Raises StaleVersion where another version is current. Repeating it changes nothing.
        """

    def remove_label(self, version_id: str, label: str) -> None:
        """Take a label off a version; a version that does not have it is left as it is."""


class System(Protocol):
    """What the table records about signing keys, in copies that are always written together."""

    def state(self) -> SystemState:
        """Return what all copies add up to, strongly consistent."""

    def epoch(self, user_id: str) -> int:
        """Return the epoch of the copy that this user's requests read, strongly consistent."""

    def advance_epoch(self, epoch: int) -> bool:
        """End every session of an older epoch, in one write. Return False where that had been done."""

    def record_replaced(self, kids: Iterable[str], now: int) -> None:
        """Record that keys were replaced at `now`; the first time that was recorded for a key stays."""
