"""What the table records about signing keys: the epoch, and when each key was replaced.

The secret says which keys there are. The table, which every request reads anyway and reads consistently, says
what has become of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

MAX_REPLACED_KEYS = 8
"""Replaced keys whose times are kept. A rotation never leaves more keys that may verify."""
CLOCK_LEEWAY_SECONDS = 60
"""By which the clocks of two functions may differ, and a read of the secret may be late."""


@dataclass(frozen=True, slots=True)
class SystemState:
    """The epoch, and for each key that was replaced the Unix time at which that was recorded.

    The empty state is that of a new table: nothing was declared, and nothing was replaced.
    """

    epoch: int = 0
    replaced_at: Mapping[str, int] = field(default_factory=dict)

    def with_epoch(self, epoch: int) -> Self:
        """Return the state with `epoch`, if that is later. An epoch never goes back."""
        return type(self)(max(self.epoch, epoch), self.replaced_at)

    def with_replaced(self, kids: Iterable[str], now: int) -> Self:
        """Return the state in which these keys are replaced. The first time that was recorded stays."""
        # A clock that is behind must not make the newest entry look like the oldest, which is dropped first.
        at = max([now, *self.replaced_at.values()])
        return type(self)(self.epoch, _newest({**dict.fromkeys(kids, at), **self.replaced_at}))

    def may_have_signed(self, kid: str, issued_at: int, key_cache_seconds: int) -> bool:
        """Tell whether the key `kid` was in use at `issued_at`; a token's own `iat` says when it was signed.

        A function signs with its cached copy of a key for `key_cache_seconds` after it was replaced.
        """
        replaced_at = self.replaced_at.get(kid)
        return replaced_at is None or issued_at <= replaced_at + key_cache_seconds + CLOCK_LEEWAY_SECONDS


def merged(states: Iterable[SystemState]) -> SystemState:
    """Return the state that several copies of it add up to, as in a table that was restored half-way.

    The latest epoch and the earliest time of each key count: neither lets anything verify that one of the
    copies refuses.
    """
    epoch, times = 0, dict[str, int]()
    for state in states:
        epoch = max(epoch, state.epoch)
        for kid, at in state.replaced_at.items():
            times[kid] = min(at, times.get(kid, at))
    return SystemState(epoch, _newest(times))


def _newest(times: Mapping[str, int]) -> dict[str, int]:
    newest = sorted(times.items(), key=lambda one: (one[1], one[0]))[-MAX_REPLACED_KEYS:]
    return dict(newest)
