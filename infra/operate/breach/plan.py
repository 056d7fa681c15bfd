"""Where a breach goes to, and which sessions it takes along."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import UnreadableKey
from infra.operate.deployment import Deployment

LEAP = 100
"""Epochs that are skipped where the key does not tell its own.

Each run that stops between key and table leaves the key's epoch one further ahead of the table's, and the
new one has to be beyond it: sessions and cached keys of an epoch that is reached again would stand again.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The epoch in the table, that of the key (None where nobody can read it), and the one to go to."""

    table_epoch: int
    key_epoch: int | None

    @property
    def epoch(self) -> int:
        """Return an epoch beyond every one in use, also after runs that stopped between key and table.

        The key's may have been read late: what replaces the key then goes further than this.
        """
        if self.key_epoch is None:
            return self.table_epoch + LEAP
        return max(self.key_epoch, self.table_epoch) + 1

    @property
    def epoch_before(self) -> int:
        """Return the epoch that sessions must have had until now: the later one of table and key."""
        return max(self.key_epoch or 0, self.table_epoch)

    @property
    def resumes(self) -> bool:
        """Tell whether an earlier run replaced the key and did not come as far as the table."""
        return self.key_epoch is not None and self.key_epoch > self.table_epoch


def make_plan(deployment: Deployment) -> Plan:
    """Read the key and the table. Raises Unavailable, or RotationRefused where there is no key."""
    services = deployment.services
    try:
        key_epoch = services.key_rotation.current().epoch
    except UnreadableKey:
        key_epoch = None
    return Plan(services.adapters.system.state().epoch, key_epoch)


def count_ended(deployment: Deployment, plan: Plan, epoch: int, now: int, but_of: str | None = None) -> int:
    """Count the sessions that `epoch` ends: those that stand at `now`, by the epoch from before.

    Neither one that had expired nor one that an earlier run has ended is among them, nor any of the user
    `but_of`. It is a scan, which is why it comes last. Raises Unavailable.
    """
    return sum(
        one.is_active(now, plan.epoch_before) and one.epoch < epoch and one.user_id != but_of
        for one in deployment.services.adapters.sessions.all_stored()
    )
