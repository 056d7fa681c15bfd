"""The keys of a function: how old they may be, and which of them verify."""

from __future__ import annotations

import json

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.signing_keys import KeySet
from tests.adapters.aws_calls import Answer, Calls, answer_with
from tests.adapters.conftest import at_once
from tests.adapters.secret import CACHE, Secret
from tests.fake_aws import Aws
from tests.fakes import FakeClock


@pytest.fixture
def secret(aws: Aws, clock: FakeClock) -> Secret:
    return Secret.of(aws, clock)


def test_a_cold_function_asks_once_and_a_warm_one_not_at_all(secret: Secret) -> None:
    assert secret.asked() == 0
    first = secret.keys.current()
    assert secret.asked() == 1
    for _ in range(5):
        assert secret.keys.current() == first
        assert secret.verifies(first.current.kid)
    assert secret.asked() == 0


def test_the_key_is_the_utf_8_bytes_of_its_text_and_named_by_its_version(secret: Secret) -> None:
    current = secret.keys.current().current
    assert (current.kid, current.material.reveal()) == (secret.current, b"k" * 64)
    assert (current.algorithm, current.epoch, current.retired) == ("HS256", 0, ())


def test_a_copy_is_used_for_less_than_a_minute(secret: Secret) -> None:
    before = secret.keys.current().current.kid
    after = secret.rotate()
    secret.clock.advance(CACHE - 1)
    assert secret.keys.current().current.kid == before
    secret.clock.advance(1)
    assert secret.keys.current().current.kid == after
    assert secret.asked() == 2


def test_without_a_cache_every_question_is_asked(aws: Aws, clock: FakeClock) -> None:
    services = aws.services(clock, key_cache_seconds=0)
    calls = Calls.of(services)
    for _ in range(3):
        services.adapters.keys.current()
    assert calls.counts == (0, 3)


def test_a_key_that_was_rotated_away_verifies_and_costs_one_call_of_its_own(secret: Secret) -> None:
    before = secret.current
    after = secret.rotate()
    assert secret.keys.current() == KeySet(secret.keys.current().current)
    assert secret.asked() == 1
    assert secret.verifies(before)
    assert secret.asked() == 1
    assert secret.verifies(before)
    assert secret.verifies(after)
    assert secret.asked() == 0
    assert secret.keys.current().current.kid == after


def test_a_key_newer_than_the_copy_is_looked_for_at_once(secret: Secret) -> None:
    before = secret.keys.current().current.kid
    after = secret.rotate()
    secret.clock.advance(5)
    assert secret.verifies(after)
    assert secret.keys.current().current.kid == after
    assert secret.verifies(before)


def test_a_pending_key_neither_signs_nor_verifies(secret: Secret) -> None:
    before, pending = secret.current, secret.version()
    secret.rotation.create_secret(pending)
    assert not secret.verifies(pending)
    secret.clock.advance(CACHE)
    assert not secret.verifies(pending)
    assert secret.keys.current().current.kid == before
    secret.rotation.finish_secret(pending)
    assert secret.verifies(pending)


def test_two_rotations_later_a_key_verifies_while_a_token_of_it_can_live(secret: Secret) -> None:
    first = secret.current
    secret.rotate()
    secret.clock.advance(10)
    secret.rotate()
    assert secret.verifies(first)
    secret.clock.advance(3600 + CACHE - 1)
    assert secret.verifies(first)
    secret.clock.advance(1)
    assert not secret.verifies(first)


def test_a_rotation_between_the_two_looks_loses_no_key(secret: Secret) -> None:
    """The function has the current key only; then it becomes the previous one, and the first is retired."""
    first = secret.current
    second = secret.rotate()
    secret.clock.advance(10)
    assert secret.keys.current().current.kid == second
    third = secret.rotate()
    secret.clock.advance(10)
    assert secret.verifies(first, issued_at=secret.clock() - 15)
    assert secret.verifies(second)
    assert secret.verifies(third)


def test_two_rotations_between_the_two_looks_lose_no_key_either(secret: Secret) -> None:
    """What is the previous key by then was never the current one to this function."""
    first = secret.current
    second = secret.rotate()
    assert secret.keys.current().current.kid == second
    secret.clock.advance(10)
    third, fourth = secret.rotate(), secret.rotate()
    secret.clock.advance(10)
    assert secret.verifies(first, issued_at=secret.clock() - 40)
    assert all(secret.verifies(kid) for kid in (second, third, fourth))


def test_a_deleted_secret_is_not_one_without_a_previous_version(secret: Secret) -> None:
    first = secret.current
    secret.rotate()
    secret.keys.current()
    secret.clock.advance(1)
    secret.operator.secretsmanager.delete_secret(SecretId="gatehouse-test", ForceDeleteWithoutRecovery=True)
    with pytest.raises(Unavailable):
        secret.verifies(first, issued_at=secret.clock() - 3000)


def test_a_cold_function_that_was_given_a_stale_answer_looks_again(secret: Secret) -> None:
    """Secrets Manager may answer with what was current a moment before."""
    value = json.dumps({"alg": "HS256", "key": "k" * 64})
    stale = {"VersionId": secret.current, "SecretString": value, "CreatedDate": 1}
    answers = iter([Answer(200, json.dumps(stale).encode())])
    after = secret.rotate()
    answer_with(secret.services.secretsmanager, lambda request, **_: next(answers, lambda _: None)(request))
    assert secret.verifies(after)


def test_after_a_breach_no_earlier_key_verifies(secret: Secret) -> None:
    first = secret.current
    second = secret.rotate()
    secret.verifies(first)
    secret.breach(epoch=1)
    assert secret.keys.current(epoch=1).current.epoch == 1
    assert not secret.verifies(first)
    assert not secret.verifies(second)
    secret.rotate()
    assert not secret.verifies(second)
    assert secret.keys.current().current.epoch == 1


def test_a_previous_key_of_an_older_epoch_verifies_nothing_though_it_keeps_its_label(secret: Secret) -> None:
    before = secret.current
    secret.write(json.dumps({"alg": "HS256", "key": "n" * 64, "epoch": 1}))
    keys = secret.keys.for_kid(before, secret.clock())
    assert keys.previous is not None
    assert keys.previous.kid == before
    assert not secret.verifies(before)


def test_keys_of_an_epoch_that_was_declared_meanwhile_are_looked_for_at_once(secret: Secret) -> None:
    secret.keys.current()
    version = secret.breach(epoch=3)
    assert secret.keys.current(epoch=3).current.kid == version
    assert secret.asked() == 2
    secret.keys.current(epoch=3)
    secret.keys.current(epoch=2)
    assert secret.asked() == 0


def test_keys_that_are_of_a_past_epoch_are_none(secret: Secret) -> None:
    with pytest.raises(Unavailable):
        secret.keys.current(epoch=1)
    assert secret.keys.current().current.epoch == 0


def test_sixteen_cold_threads_ask_once(secret: Secret) -> None:
    keys = secret.keys
    outcomes = at_once([keys.current] * 16)
    assert secret.asked() == 1
    assert outcomes == [keys.current()] * 16


def test_an_outage_is_bridged_while_the_copy_is_fresh_and_no_longer(secret: Secret) -> None:
    kid = secret.keys.current().current.kid
    answer_with(secret.services.secretsmanager, Answer(500, b"{}"))
    secret.clock.advance(CACHE - 1)
    assert secret.verifies(kid)
    secret.clock.advance(1)
    for ask in (secret.keys.current, lambda: secret.verifies(kid)):
        with pytest.raises(Unavailable):
            ask()


def test_an_outage_of_the_second_look_is_no_answer(secret: Secret) -> None:
    secret.keys.current()
    answer_with(secret.services.secretsmanager, Answer(500, b"{}"))
    with pytest.raises(Unavailable):
        secret.verifies(secret.version())
