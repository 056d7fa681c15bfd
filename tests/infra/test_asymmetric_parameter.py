"""Whether a stage's package can use RS256 and ES256 keys: once it must, until an operator ends it."""

from __future__ import annotations

import pytest

from chalicelib.settings import BadSetting
from infra.parameters import keeps_asymmetric_keys, lost_keys, remember_asymmetric_keys

NONE = {"SigningAlgorithm": "HS256", "AsymmetricKeys": "none"}
KEPT = {"SigningAlgorithm": "HS256", "AsymmetricKeys": "kept"}
RS256 = {"SigningAlgorithm": "RS256", "AsymmetricKeys": "kept"}


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [({}, NONE, {}), (NONE, NONE, {}), (KEPT, NONE, {}), (KEPT, KEPT, {})]
    + [
        (before, after, {"AsymmetricKeys": "kept"})
        for before, after in [({}, RS256), (NONE, RS256), (RS256, NONE)]
    ],
)
def test_cryptography_stays_until_someone_who_has_looked_takes_it_out(
    before: dict[str, str], after: dict[str, str], kept: dict[str, str]
) -> None:
    assert remember_asymmetric_keys(before, after, {}) == kept


@pytest.mark.parametrize(("before", "after"), [({}, RS256), (RS256, RS256), (RS256, NONE)])
def test_it_is_not_taken_out_while_it_is_certainly_needed(
    before: dict[str, str], after: dict[str, str]
) -> None:
    with pytest.raises(BadSetting, match="two rotations"):
        remember_asymmetric_keys(before, after, {"AsymmetricKeys": "none"})
    assert keeps_asymmetric_keys(before) == (before == RS256)


def test_a_rollback_to_a_package_without_it_asks() -> None:
    assert "503" in lost_keys(KEPT, NONE)
    assert [lost_keys(*one) for one in ((NONE, NONE), (RS256, KEPT), ({}, NONE), (NONE, KEPT))] == [""] * 4
