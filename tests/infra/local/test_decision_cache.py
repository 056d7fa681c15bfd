from __future__ import annotations

from infra.local.gateway.decision_cache import DecisionCache
from tests.fakes import FakeClock


def test_the_number_of_entries_is_limited() -> None:
    """Tokens that are not sent again must not fill the memory. The oldest is deleted first."""
    cache: DecisionCache[str] = DecisionCache(60, FakeClock(), limit=2)
    for token in ("a", "b", "a", "c"):
        cache.put(token, token, cache.ticket())
    assert [cache.get(token) for token in ("a", "b", "c")] == ["a", None, "c"]
