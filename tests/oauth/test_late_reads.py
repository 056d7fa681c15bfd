"""A secret whose reads are late: rotations and breaches get through, and no good token is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidToken, Unavailable
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.key_rotation import WAITS, RotationRefused
from tests.fake_keys import CURRENT, PENDING, PREVIOUS
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.late_reads import LateKeys
from tests.oauth.actors import account, claims_of, refresh, sign_in

STEPS = ("create_secret", "set_secret", "test_secret", "finish_secret")
VERSIONS = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(3)]


@pytest.fixture(params=[1, 2, 3, 6, len(WAITS)])
def late(request: pytest.FixtureRequest) -> FakeServices:
    """Services whose secret is so many reads behind."""
    adapters = FakeAdapters()
    adapters.keys = LateKeys(adapters.clock, request.param)
    services = fake_services(adapters)
    account(services)
    return services


def rotate(services: FakeServices, version: str) -> None:
    for step in STEPS:
        getattr(services.key_rotation, step)(version)


def sooner_or_later(look: Callable[[], object]) -> None:
    """Ask as an app does: it tries again after a 503, and after nothing else."""
    for _ in range(40):
        try:
            look()
        except Unavailable:
            continue
        return
    raise AssertionError


def test_rotations_succeed_without_a_failure_of_any_step(late: FakeServices) -> None:
    keys, before = late.adapters.keys, late.adapters.keys.version_of[CURRENT]
    for version in VERSIONS:
        rotate(late, version)
        assert keys.version_of == {CURRENT: version, PREVIOUS: before}
        assert before in late.adapters.store.system_state.replaced_at
        assert version not in late.adapters.store.system_state.replaced_at
        before = version


def test_no_step_waits_longer_than_ten_seconds_for_what_never_comes(late: FakeServices) -> None:
    for step in ("test_secret", "finish_secret"):
        late.adapters.slept.clear()
        with pytest.raises(RotationRefused):
            getattr(late.key_rotation, step)(VERSIONS[0])
        assert sum(late.adapters.slept) == pytest.approx(10)


def test_a_token_of_any_key_is_never_refused_while_keys_are_rotated(late: FakeServices) -> None:
    tokens = [sign_in(late)]
    for version in VERSIONS:
        for step in STEPS:
            getattr(late.key_rotation, step)(version)
            tokens.append(sign_in(late))
            for token in tokens:
                sooner_or_later(lambda token=token: claims_of(late, token))  # type: ignore[misc]
        late.adapters.clock.advance(5)


def test_a_token_of_the_new_key_is_not_called_unknown_where_the_promotion_cannot_be_seen(
    late: FakeServices,
) -> None:
    """Another function has seen the promotion, and signs; this one is late."""
    keys, seen = late.adapters.keys, Counter[str]()
    claims = claims_of(late, sign_in(late))
    late.key_rotation.create_secret(VERSIONS[0])
    old = keys.version_of[CURRENT]
    text = late.adapters.codec.sign(claims.to_mapping(), keys.versions[VERSIONS[0]])
    keys.promote(VERSIONS[0], instead_of=old)
    late.adapters.system.record_replaced([old], late.adapters.clock())
    for _ in range(20):
        try:
            claims_of(late, TokenResponse(text, 1, "", claims.scope))
            seen["good"] += 1
        except Unavailable:
            seen["cannot tell"] += 1
    assert seen["good"] > 0
    assert seen["cannot tell"] > 0


def test_a_breach_ends_everything_and_takes_no_label_off_the_wrong_version(late: FakeServices) -> None:
    tokens, keys = sign_in(late), late.adapters.keys
    rotate(late, VERSIONS[0])
    late.key_rotation.create_secret(VERSIONS[1])
    for epoch in (1, 2):
        replacement = late.key_rotation.replace_without_grace(1)
        late.adapters.system.advance_epoch(replacement.key.epoch)
        # Nothing has been refused or waited for until the sessions are ended.
        late.key_rotation.tidy_labels(replacement)
        assert keys.version_of == {CURRENT: replacement.key.kid}
        assert replacement.key.epoch == epoch
        refused(late, tokens)
        assert PENDING not in keys.version_of
        tokens = sign_in(late)
    rotate(late, VERSIONS[2])


def refused(services: FakeServices, tokens: TokenResponse) -> None:
    with pytest.raises(InvalidToken):
        sooner_or_later(lambda: claims_of(services, tokens))
    with pytest.raises(InvalidGrant):
        sooner_or_later(lambda: refresh(services, tokens.refresh_token))


def test_a_breach_right_after_another_is_of_a_later_epoch_though_the_first_cannot_be_seen(
    late: FakeServices,
) -> None:
    """Both were planned by what could be read, which was epoch 0."""
    first = late.key_rotation.replace_without_grace(1)
    second = late.key_rotation.replace_without_grace(1)
    assert (first.key.epoch, second.key.epoch) == (1, 2)
    assert second.instead_of == first.key.kid


def test_a_pending_key_that_nothing_has_replaced_another_by_is_refused(late: FakeServices) -> None:
    token = sign_in(late)
    late.key_rotation.create_secret(VERSIONS[0])
    text = late.adapters.codec.sign(
        claims_of(late, token).to_mapping(), late.adapters.keys.versions[VERSIONS[0]]
    )
    with pytest.raises(InvalidToken):
        claims_of(late, TokenResponse(text, 1, "", claims_of(late, token).scope))
