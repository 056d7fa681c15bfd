"""What a month of a workload uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from infra.cost import operations
from infra.cost.assumptions import Assumptions
from infra.cost.authorizer_cache import miss_share
from infra.cost.usage import Architecture, Meter, Usage, times, together

MONTH_SECONDS = operations.DAYS_PER_MONTH * 86_400


class Part(StrEnum):
    """What a line of the bill is for. The last two are there whoever signs the users in."""

    STANDING = "standing"
    ACCOUNTS = "accounts kept"
    KEYS = "signing key reads"
    SIGN_INS = "sign-ins"
    REFRESHES = "refreshes"
    AUTHORIZER = "authorizer"
    GATEWAY = "gateway, authenticated calls"
    OWN = "your functions behind the calls"


IDENTITY = frozenset(Part) - {Part.GATEWAY, Part.OWN}
"""What a bought identity service would replace."""

GATEHOUSE = frozenset(Part) - {Part.OWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A month, in numbers of operations."""

    users: float = 0
    sign_ins: float = 0
    refreshes: float = 0
    calls: float = 0
    cache_seconds: float = 60
    architecture: Architecture = Architecture.X86_64

    @classmethod
    def of(
        cls,
        assumed: Assumptions,
        users: float,
        *,
        calls: float | None = None,
        sign_ins: float | None = None,
        cache_seconds: float = 60,
        architecture: Architecture = Architecture.X86_64,
    ) -> Self:
        """Return the month of so many active users; what is not given follows from the assumptions.

        Given calls keep the shape of a visit and change the number of visits that the authorizer sees;
        the refreshes stay those of the users.
        """
        visits = users * assumed.visits
        return cls(
            users=users,
            sign_ins=users * assumed.sign_ins_per_user if sign_ins is None else sign_ins,
            refreshes=visits * assumed.refreshes_per_visit,
            calls=visits * assumed.calls_per_visit if calls is None else calls,
            cache_seconds=cache_seconds,
            architecture=architecture,
        )

    def misses(self, assumed: Assumptions) -> float:
        """Return how often the authorizer is asked."""
        return self.calls * miss_share(assumed, self.cache_seconds)

    @property
    def busy(self) -> bool:
        """Whether anything happens at all."""
        return bool(self.sign_ins or self.refreshes or self.calls)


def month(load: Workload, assumed: Assumptions) -> Mapping[Part, Usage]:
    """Return the usage of each part."""
    kept = operations.stored_account(assumed)
    return {
        Part.STANDING: operations.active(assumed, busy=load.busy),
        Part.ACCOUNTS: times(kept, load.users * assumed.stored_accounts_per_user),
        Part.KEYS: {Meter.SECRET_CALLS: key_reads(load, assumed)},
        Part.SIGN_INS: times(operations.sign_in(assumed, load.architecture), load.sign_ins),
        Part.REFRESHES: times(operations.refresh(assumed, load.architecture), load.refreshes),
        Part.AUTHORIZER: times(operations.authorizer_miss(assumed, load.architecture), load.misses(assumed)),
        Part.GATEWAY: times(operations.gateway_call(assumed), load.calls),
        Part.OWN: times(operations.own_function(assumed, load.architecture), load.calls),
    }


def key_reads(load: Workload, assumed: Assumptions) -> float:
    """Return the calls of Secrets Manager: one per warm environment and cache time, two functions."""
    token_seconds = load.sign_ins * assumed.sign_in_seconds + load.refreshes * assumed.refresh_seconds
    misses = load.misses(assumed)
    return _reads(load.sign_ins + load.refreshes, token_seconds, assumed) + _reads(
        misses, misses * assumed.authorizer_seconds, assumed
    )


def _reads(invocations: float, busy_seconds: float, assumed: Assumptions) -> float:
    # As many environments as the peak needs are taken as warm all month: too many rather than too few.
    # An environment that is not invoked reads nothing, so the invocations are a bound as well.
    environments = max(1.0, busy_seconds / MONTH_SECONDS * assumed.peak_factor)
    return min(invocations, environments * MONTH_SECONDS / assumed.key_cache_seconds)


def usage_of(parts: Mapping[Part, Usage]) -> Usage:
    """Return what all parts use together."""
    return together(*parts.values())
