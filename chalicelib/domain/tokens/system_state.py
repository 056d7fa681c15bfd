"""The system state in the table: the epochs, and when each signing key was replaced.

The secret contains the keys, but its reads are eventually consistent. Every request reads the table anyway,
and consistently, so the table records the epoch and the replacements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

MAX_REPLACED_KEYS = 8
"""Maximum number of recorded replacements. A rotation never leaves more keys that may verify."""
CLOCK_LEEWAY_SECONDS = 60
"""Allowance for the difference between clocks and the delay of reads of the secret."""


@dataclass(frozen=True, slots=True)
class SystemState:
    """The epochs, and for each replaced key the Unix time at which its replacement was recorded.

    An API key needs an epoch of at least `api_keys_epoch`, which only a breach that ends API keys raises. A
    new table has the empty state: no breach, no replacement. `issuer` is the URL of the API as the last
    deploy recorded it, or empty; it is no part of what a rotation or a breach merges and writes.
    """

    epoch: int = 0
    replaced_at: Mapping[str, int] = field(default_factory=dict)
    issuer: str = field(default="", compare=False)
    api_keys_epoch: int = 0

    def with_epoch(self, epoch: int, *, api_keys: bool = False) -> Self:
        """Return the state with `epoch`, if that is later; with `api_keys`, API keys need it, too.

        No epoch ever decreases.
        """
        of_keys = max(self.api_keys_epoch, epoch) if api_keys else self.api_keys_epoch
        return replace(self, epoch=max(self.epoch, epoch), api_keys_epoch=of_keys)

    def with_replaced(self, kids: Iterable[str], now: int) -> Self:
        """Return the state in which these keys are replaced. A time recorded earlier is kept."""
        # With a slow clock the newest entry must not look like the oldest, which is dropped first.
        at = max([now, *self.replaced_at.values()])
        return replace(self, replaced_at=_newest({**dict.fromkeys(kids, at), **self.replaced_at}))

    def may_have_signed(self, kid: str, issued_at: int, key_cache_seconds: int) -> bool:
        """Return whether the key `kid` could sign at `issued_at`, the `iat` of a token.

        A function may sign with its cached copy for `key_cache_seconds` after the replacement.
        """
        replaced_at = self.replaced_at.get(kid)
        return replaced_at is None or issued_at <= replaced_at + key_cache_seconds + CLOCK_LEEWAY_SECONDS


def merged(states: Iterable[SystemState]) -> SystemState:
    """Return the merged state of several copies, which may differ in a partly restored table.

    The latest epochs and the earliest time of each key count, so that nothing verifies that one copy rejects.
    """
    epoch, of_keys, times = 0, 0, dict[str, int]()
    for state in states:
        epoch, of_keys = max(epoch, state.epoch), max(of_keys, state.api_keys_epoch)
        for kid, at in state.replaced_at.items():
            times[kid] = min(at, times.get(kid, at))
    return SystemState(epoch, _newest(times), api_keys_epoch=of_keys)


def _newest(times: Mapping[str, int]) -> dict[str, int]:
    newest = sorted(times.items(), key=lambda one: (one[1], one[0]))[-MAX_REPLACED_KEYS:]
    return dict(newest)
