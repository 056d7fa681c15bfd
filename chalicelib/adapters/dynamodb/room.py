"""Room for one more session or device of an account, by the number that the account counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """How many of what is there has to go for one more, and the condition and the result of counting.

    `count` is None where there is room: then one is added, whatever the number is, up to the limit. Where one
    goes for one that comes it stays as it is, so that many sign-ins can swap at once. `is_recount` tells that
    it changes to a number that was found by looking.
    """

    counted: int
    limit: int
    evictions: int = 0
    count: int | None = None
    is_recount: bool = False


def find_room(counted: int, listed: int, limit: int, *, is_exact: bool) -> Room | None:
    """Find room for one more. Return None where that takes a list that was read after the count.

    An account counts at least what it has. A list from before it was read (not `is_exact`) may lack what was
    added in between: it is good enough to choose from, but not to say that there are fewer than counted.
    """
    if counted < limit:
        return Room(counted, limit)
    if listed < counted and not is_exact:
        return None
    evictions = max(0, (listed if is_exact else max(listed, counted)) + 1 - limit)
    count = (listed if is_exact else max(listed, counted)) - evictions + 1
    return Room(counted, limit, evictions, count, is_recount=count != counted)
