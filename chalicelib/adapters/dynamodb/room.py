"""Room for one more session or device of an account, based on the counter in the account item."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """How many entries to evict for a new one, and how to update the counter.

    `count` is None below the limit: the counter is incremented, on condition that it is below the limit.
    Otherwise `count` is the new value, on condition that the old one is `counted`. An eviction for each new
    entry leaves it unchanged, so that concurrent sign-ins do not conflict. `is_recount` means that the
    counter is corrected to the actual number.
    """

    counted: int
    limit: int
    evictions: int = 0
    count: int | None = None
    is_recount: bool = False


def find_room(counted: int, listed: int, limit: int, *, is_exact: bool) -> Room | None:
    """Find room for one more entry. Return None if that requires an exact list.

    The counter is never below the actual number. A list that was read before the counter (not `is_exact`) may
    lack entries added in between: it can select evictions, but cannot show that the counter is too high.
    """
    if counted < limit:
        return Room(counted, limit)
    if listed < counted and not is_exact:
        return None
    evictions = max(0, (listed if is_exact else max(listed, counted)) + 1 - limit)
    count = (listed if is_exact else max(listed, counted)) - evictions + 1
    return Room(counted, limit, evictions, count, is_recount=count != counted)
