"""What a rotation records of the keys that it replaces."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.system_state import MAX_REPLACED_KEYS
from chalicelib.oauth.key_rotation import RotationRefused
from tests.fake_keys import CURRENT, PREVIOUS
from tests.fakes import FakeServices
from tests.oauth.test_key_rotation import AFTER, NEXT, rotate


@pytest.mark.parametrize("switch", ["down", "mute"])
def test_a_promotion_that_could_not_be_recorded_is_recorded_when_the_step_is_repeated(
    services: FakeServices, switch: str
) -> None:
    old = services.adapters.keys.version_of[CURRENT]
    services.key_rotation.create_secret(NEXT)
    setattr(services.adapters.store, switch, {"record_replaced"})
    with pytest.raises(Unavailable):
        services.key_rotation.finish_secret(NEXT)
    setattr(services.adapters.store, switch, set())
    assert services.adapters.keys.version_of[CURRENT] == NEXT
    assert services.key_rotation.finish_secret(NEXT) is True
    assert set(services.adapters.store.system_state.replaced_at) == {old}
    assert services.adapters.keys.version_of == {CURRENT: NEXT, PREVIOUS: old}


def test_no_more_keys_verify_than_have_their_times_recorded(services: FakeServices) -> None:
    """So no entry is dropped while its key may verify."""
    for number in range(20):
        version = f"{number:032x}"
        try:
            rotate(services, version)
        except RotationRefused:
            break
        state = services.adapters.store.system_state
        keys = services.adapters.keys.current()
        assert keys.previous is not None
        others = {keys.previous.kid, *(one.key.kid for one in keys.current.retired)}
        assert others <= set(state.replaced_at)
    assert number == MAX_REPLACED_KEYS
    services.adapters.clock.advance(3_661)
    rotate(services, AFTER)
