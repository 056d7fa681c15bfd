"""How many calls of the authorizer API Gateway's cache saves. One simple model, stated here.

Calls come in visits. A visit is `calls_per_visit` calls, `seconds_between_calls` apart, with one access
token, which is the cache's key. Its first call misses and opens an entry that lives for the cache's
seconds and is not prolonged; calls within it are hits; the next one misses again. Nothing is left of an
entry at the next visit, since that begins with a new token.

So one miss serves as many calls as begin within the cache's seconds, the missing one included:
at 10 s between calls 6 with 60 s, 30 with 300 s, and 1 without a cache.
"""

from __future__ import annotations

import math

from infra.cost.assumptions import Assumptions


def misses_per_visit(assumed: Assumptions, cache_seconds: float) -> int:
    """Return how often a visit makes API Gateway ask the authorizer."""
    served = max(1, math.ceil(cache_seconds / assumed.seconds_between_calls))
    return math.ceil(assumed.calls_per_visit / served)


def miss_share(assumed: Assumptions, cache_seconds: float) -> float:
    """Return the share of authenticated calls for which the authorizer is asked."""
    return misses_per_visit(assumed, cache_seconds) / assumed.calls_per_visit
