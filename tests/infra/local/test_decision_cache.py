from __future__ import annotations

from infra.local.gateway.decision_cache import DecisionCache
from tests.fakes import FakeClock


def test_it_stays_within_its_bounds() -> None:
    """Tokens that nobody will send again must not fill the memory; the oldest goes first."""
    cache: DecisionCache[str] = DecisionCache(60, FakeClock(), limit=2)
    for token in ("a", "b", "a", "c"):
        cache.put(token, token, cache.ticket())
    assert [cache.get(token) for token in ("a", "b", "c")] == ["a", None, "c"]
