"""Limits for failed sign-ins (NIST SP 800-63B-4 §3.2.2, RFC 6749 §4.3.2).

Failures are counted for each name, in the same way whether or not it has an account: so the limits do not
reveal which names exist, or which names belong to one account. A window lasts seven days from its first
failure. A device that has signed in before is counted separately, so that nobody who knows a name can lock
its owner out.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_SECONDS = 7 * 86_400
"""Duration of a window, from its first failure."""
DEVICE_FAILURES = 10
"""Failures of a known device after which it has to wait between attempts."""


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """Maximum failures of a name in a window, by network and in total; wait of a device in seconds."""

    network_failures: int
    name_failures: int
    device_wait_seconds: int


@dataclass(frozen=True, slots=True)
class NameFailures:
    """Failed sign-ins of a name: begin of the window, total, and those from the network of the attempt."""

    began_at: int
    total: int
    from_network: int

    def is_over(self, now: int) -> bool:
        """Return whether the next failure begins a new window."""
        return self.total <= 0 or now >= self.began_at + WINDOW_SECONDS

    def wait(self, now: int, limits: SignInLimits) -> int:
        """Return the seconds until an attempt may be made, 0 if at once."""
        is_used_up = self.total >= limits.name_failures or self.from_network >= limits.network_failures
        if self.is_over(now) or not is_used_up:
            return 0
        return self.began_at + WINDOW_SECONDS - now


def device_wait(failures: int, last_attempt_at: int, now: int, limits: SignInLimits) -> int:
    """Return the seconds until a known device may make an attempt, 0 if at once."""
    if failures < DEVICE_FAILURES:
        return 0
    return max(0, last_attempt_at + limits.device_wait_seconds - now)
