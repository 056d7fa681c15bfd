"""What a function makes of secrets that are no keys, and of tokens that name keys nobody has."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.secrets_manager.keys import LOOKUP_BURST
from chalicelib.domain.errors import TooManyUnknownKeys, Unavailable
from tests.adapters.secret import CACHE, Secret
from tests.fake_aws import Aws
from tests.fakes import FakeClock


@pytest.fixture
def secret(aws: Aws, clock: FakeClock) -> Secret:
    return Secret.of(aws, clock)


def looks_at_once(secret: Secret) -> int:
    """Return how many made-up ids are looked for before it cannot be told any more."""
    for looked in range(3 * LOOKUP_BURST):
        try:
            assert not secret.verifies(str(UUID(int=9000 + looked)))
        except Unavailable:
            return looked
    return 3 * LOOKUP_BURST


UNUSABLE: dict[str, Any] = {
    "no JSON": "PRIVATE" * 10,
    "empty": "{}",
    "a list": ["PRIVATE"],
    "a text": "PRIVATE",
    "null": None,
    "a number": 7,
    "a short key": {"alg": "HS256", "key": "PRIVATE" * 9},
    "no key": {"alg": "HS256"},
    "no algorithm": {"key": "PRIVATE" * 10},
    "another algorithm": {"alg": "HS512", "key": "PRIVATE" * 10},
    "a key that is no text": {"alg": "HS256", "key": ["PRIVATE"] * 64},
    "a key of null": {"alg": "HS256", "key": None},
    "an epoch that is no number": {"alg": "HS256", "key": "PRIVATE" * 10, "epoch": "PRIVATE"},
    "retired that is no list": {"alg": "HS256", "key": "PRIVATE" * 10, "retired": "PRIVATE"},
    "retired without a date": {
        "alg": "HS256",
        "key": "PRIVATE" * 10,
        "retired": [{"kid": "x", "alg": "HS256", "key": "PRIVATE" * 10}],
    },
    "a lone surrogate": {"alg": "HS256", "key": "\ud800" + "PRIVATE" * 10},
}


@pytest.mark.parametrize("value", UNUSABLE)
def test_a_secret_that_no_key_can_be_made_of_is_an_outage_and_is_not_shown(
    secret: Secret, value: str
) -> None:
    content = UNUSABLE[value]
    secret.write(content if value == "no JSON" else json.dumps(content) or "")
    with pytest.raises(Unavailable) as outage:
        secret.keys.current()
    shown = [str(outage.value), repr(outage.value), str(outage.value.__cause__)]
    assert not any("PRIVATE" in text or "k" * 64 in text for text in shown)


def test_a_binary_secret_is_an_outage(secret: Secret) -> None:
    secret.operator.secretsmanager.put_secret_value(SecretId="gatehouse-test", SecretBinary=b"k" * 64)
    with pytest.raises(Unavailable):
        secret.keys.current()


def test_an_unusable_previous_key_does_not_keep_the_current_one_from_working(secret: Secret) -> None:
    secret.write(json.dumps({"alg": "HS512", "key": "p" * 64}))
    secret.write(json.dumps({"alg": "HS256", "key": "n" * 64}))
    kid = secret.keys.current().current.kid
    assert secret.verifies(kid)
    with pytest.raises(Unavailable):
        secret.verifies(str(UUID(int=99)))


def test_made_up_key_ids_cost_three_calls_at_most_while_they_are_older_than_the_copy(secret: Secret) -> None:
    secret.keys.current()
    secret.clock.advance(10)
    for number in range(300):
        assert not secret.verifies(str(UUID(int=1000 + number)), issued_at=secret.clock() - 20)
    assert secret.asked() == 3


@pytest.mark.parametrize(
    "kid", ["", "x", "../../etc/passwd", "' OR 1=1", "x" * 65, "AWSPENDING", "\u00e9" * 36]
)
def test_what_can_be_no_version_is_not_looked_for(secret: Secret, kid: str) -> None:
    secret.keys.current()
    assert not secret.verifies(kid)
    assert secret.asked() == 1


def test_lookups_of_invented_ids_are_limited_and_then_undecided(secret: Secret) -> None:
    kid = secret.keys.current().current.kid
    assert looks_at_once(secret) == LOOKUP_BURST
    assert secret.asked() <= 3 * LOOKUP_BURST + 2
    assert secret.verifies(kid)
    secret.clock.advance(1)
    assert not secret.verifies(str(UUID(int=5)))
    with pytest.raises(TooManyUnknownKeys):
        secret.verifies(str(UUID(int=6)))


def test_looks_come_back_with_time_and_are_not_saved_up(secret: Secret) -> None:
    for number in range(3 * LOOKUP_BURST):
        secret.clock.advance(CACHE)
        secret.verifies(str(UUID(int=1000 + number)))
    assert looks_at_once(secret) <= LOOKUP_BURST
