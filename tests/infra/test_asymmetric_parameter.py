"""Whether a stage's package can use RS256 and ES256 keys: once it must, until an operator ends it."""

from __future__ import annotations

import pytest

from chalicelib.settings import BadSetting
from infra.parameters import PINS, check_deploy, check_rollback, pins

SAME = {"EndpointType": "EDGE"}
NONE = {**SAME, "SigningAlgorithm": "HS256", "AsymmetricKeys": "none"}
KEPT = {**SAME, "SigningAlgorithm": "HS256", "AsymmetricKeys": "kept"}
RS256 = {**SAME, "SigningAlgorithm": "RS256", "AsymmetricKeys": "kept"}


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
    assert check_deploy(before, after, {}) == kept


@pytest.mark.parametrize(("before", "after"), [({}, RS256), (RS256, RS256), (RS256, NONE)])
def test_it_is_not_taken_out_while_it_is_certainly_needed(
    before: dict[str, str], after: dict[str, str]
) -> None:
    with pytest.raises(BadSetting, match="two rotations"):
        check_deploy(before, after, {"AsymmetricKeys": "none"})
    assert (pins(before) == PINS) == (before != RS256)


def test_a_rollback_to_a_package_without_it_asks() -> None:
    assert "503" in check_rollback(KEPT, {"Parameters": NONE})
    assert [
        check_rollback(before, {"Parameters": after})
        for before, after in ((NONE, NONE), (RS256, KEPT), ({}, NONE), (NONE, KEPT))
    ] == [""] * 4
