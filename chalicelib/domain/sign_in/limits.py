"""How many sign-ins may fail (NIST SP 800-63B-4 §3.2.2, RFC 6749 §4.3.2).

Failures are counted by the name that was typed, in one way for every name, whether it has an account or not:
so nothing about waiting tells which names exist, or which two names belong to one account. The count lasts
seven days from its first failure. A device that has signed in before is counted by itself, so that nobody
who knows a name can keep its owner out.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_SECONDS = 7 * 86_400
"""How long the failures of a name count, from the first of them on."""
DEVICE_FAILURES = 10
"""Failures of a known device before it has to wait between attempts."""


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """Failures of one name within a window, from one network and in all; and a device's wait in seconds."""

    network_failures: int
    name_failures: int
    device_wait_seconds: int


@dataclass(frozen=True, slots=True)
class NameFailures:
    """The failed sign-ins of a name: since when, how many, and how many of them from the network asking."""

    began_at: int
    total: int
    from_network: int

    def is_over(self, now: int) -> bool:
        """Tell whether the next failure begins a new count."""
        return self.total <= 0 or now >= self.began_at + WINDOW_SECONDS

    def wait(self, now: int, limits: SignInLimits) -> int:
        """Return the seconds until an attempt may be made, 0 for now."""
        is_used_up = self.total >= limits.name_failures or self.from_network >= limits.network_failures
        if self.is_over(now) or not is_used_up:
            return 0
        return self.began_at + WINDOW_SECONDS - now


def device_wait(failures: int, last_attempt_at: int, now: int, limits: SignInLimits) -> int:
    """Return the seconds until a known device may make an attempt, 0 for now."""
    if failures < DEVICE_FAILURES:
        return 0
    return max(0, last_attempt_at + limits.device_wait_seconds - now)
