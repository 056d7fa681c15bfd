"""The plan of a breach: the new epoch, and the sessions and API keys that it ends."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import UnreadableKey
from infra.operate.deployment import Deployment

LEAP = 100
"""Number of epochs to skip if the key, and so its epoch, is unreadable.

Each run that stops between key and table leaves the key's epoch one further ahead of the table's. The new
epoch must be later than the key's: sessions and cached keys of a reused epoch would be valid again.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The epochs of the table and of the key (None if unreadable), and the new epoch.

    `api_keys_epoch` is the minimum epoch of API keys until now.
    """

    table_epoch: int
    key_epoch: int | None
    api_keys_epoch: int = 0

    @property
    def epoch(self) -> int:
        """Return an epoch later than every one in use, even after runs that stopped between key and table.

        The read of the key may be stale: `replace_without_grace` then uses a later epoch.
        """
        if self.key_epoch is None:
            return self.table_epoch + LEAP
        return max(self.key_epoch, self.table_epoch) + 1

    @property
    def epoch_before(self) -> int:
        """Return the minimum epoch of active sessions until now: the later one of table and key."""
        return max(self.key_epoch or 0, self.table_epoch)

    @property
    def resumes(self) -> bool:
        """Return whether an earlier run replaced the key but did not raise the epoch in the table."""
        return self.key_epoch is not None and self.key_epoch > self.table_epoch


def make_plan(deployment: Deployment) -> Plan:
    """Read the key and the table. Raises Unavailable, and RotationRefused if there is no key."""
    services = deployment.services
    try:
        key = services.key_rotation.current()
    except UnreadableKey:
        key = None
    state = services.adapters.system.state()
    if key is None:
        return Plan(state.epoch, None, state.api_keys_epoch)
    return Plan(state.epoch, key.epoch, max(state.api_keys_epoch, key.api_keys_epoch))


def count_ended(deployment: Deployment, plan: Plan, epoch: int, now: int, but_of: str | None = None) -> int:
    """Count the sessions that `epoch` ends: those active at `now` with the epoch from before.

    Sessions that had expired, that an earlier run ended, or of the user `but_of` do not count.
    This is a scan of the table, so it is the last step. Raises Unavailable.
    """
    return sum(
        one.is_active(now, plan.epoch_before) and one.epoch < epoch and one.user_id != but_of
        for one in deployment.services.adapters.sessions.all_stored()
    )


def count_ended_keys(
    deployment: Deployment, plan: Plan, epoch: int, now: int, but_of: str | None = None
) -> int:
    """Count the API keys that `epoch` ends, by the rules of `count_ended`. Raises Unavailable."""
    return sum(
        one.is_active(now, plan.api_keys_epoch) and one.epoch < epoch and one.user_id != but_of
        for one in deployment.services.adapters.api_keys.all_stored_keys()
    )
