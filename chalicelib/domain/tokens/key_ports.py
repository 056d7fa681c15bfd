"""Ports for key rotation. Like those of `domain.ports`, they raise Unavailable on any I/O failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey
    from chalicelib.domain.tokens.system_state import SystemState


class StaleVersion(Unavailable):
    """AWSCURRENT is not on the version that the caller had read: it was moved, or the read was stale."""


class KeyGenerator(Protocol):
    """Makes the material of new keys."""

    def __call__(self, algorithm: str, kid: str, /) -> KeyMaterial:
        """Return a new key for one of `ALGORITHMS`; a JWK names its `kid`.

        Raises Unavailable if this installation has no code for the algorithm.
        """


class KeyVersions(Protocol):
    """The versions of the signing secret, for key rotation.

    Reads are eventually consistent, without a bound on the delay: a recent write may not be visible yet.
    Writes apply to the actual state and never depend on a read.
    """

    def labels(self) -> Mapping[str, frozenset[str]]:
        """Return the staging labels of every version that has one, by version id."""

    def key(self, version_id: str) -> SigningKey | None:
        """Return the key of a version, or None if the version has no value yet. Raises UnreadableKey."""

    def add(self, key: SigningKey, *, label: str) -> None:
        """Write a new version with a label. A version that has a value keeps it."""

    def promote(self, version_id: str, *, instead_of: str) -> None:
        """Move AWSCURRENT from `instead_of`, which becomes AWSPREVIOUS, to a version. Idempotent.

        Raises StaleVersion if another version is AWSCURRENT.
        """

    def remove_label(self, version_id: str, label: str) -> None:
        """Remove a label from a version. Do nothing if the version does not have it."""


class System(Protocol):
    """The system state in the table, in copies that are always written together."""

    def state(self) -> SystemState:
        """Return the merged state of all copies, strongly consistent."""

    def epoch(self, user_id: str) -> int:
        """Return the epoch in the copy of this user, strongly consistent."""

    def advance_epoch(self, epoch: int, *, api_keys: bool = False) -> bool:
        """End every session of an older epoch, in one write; with `api_keys`, every such API key, too.

        Return False if that was done before.
        """

    def record_issuer(self, issuer: str) -> bool:
        """Write the API's URL into every copy that does not have it. Return False if each had it before."""

    def record_replaced(self, kids: Iterable[str], now: int) -> SystemState:
        """Record that keys were replaced at `now` (Unix seconds). A time recorded earlier is kept.

        Return the resulting state. A role without read access can get the state in this way, with no `kids`.
        """
