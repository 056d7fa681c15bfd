"""The keys of a function whose reads of Secrets Manager are late: the last look asks for a version by id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.secret import CACHE, Secret
from tests.fake_aws import Aws
from tests.fakes import FakeClock

FOREVER = 1_000


class LateLabels:
    """Reads by label show what was there at the beginning; a read by id shows what is there."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._then = client.get_secret_value(SecretId="gatehouse-test")

    def get_secret_value(self, **asked: str) -> Any:
        if "VersionId" in asked:
            return self._client.get_secret_value(**asked)
        if asked["VersionStage"] == "AWSCURRENT":
            return self._then
        return self._client.get_secret_value(SecretId="gatehouse-test", VersionStage="NOTHING")


@pytest.fixture
def secret(aws: Aws, clock: FakeClock) -> Secret:
    secret = Secret.of(aws, clock)
    secret.keys._client = LateLabels(secret.services.secretsmanager)  # type: ignore[assignment]
    secret.keys.current()
    return secret


def test_a_promoted_version_is_believed_by_its_label(secret: Secret) -> None:
    before, after = secret.current, secret.rotate()
    assert secret.keys.current().current.kid == before
    assert secret.verifies(after)
    # It signs from now on, and the one that it has replaced still verifies.
    assert secret.keys.current().current.kid == after
    assert secret.verifies(before)
    secret.asked()
    assert all(secret.verifies(kid) for kid in (before, after))
    assert secret.asked() == 0


def test_the_previous_version_is_believed_by_its_label_and_does_not_sign(secret: Secret) -> None:
    before, middle, after = secret.current, secret.rotate(), secret.rotate()
    assert secret.verifies(middle)
    assert secret.keys.current().current.kid == before
    assert secret.verifies(after)
    assert secret.keys.current().current.kid == after
    assert secret.verifies(middle)


def test_a_pending_version_is_not_believed(secret: Secret) -> None:
    pending = secret.version()
    secret.rotation.create_secret(pending)
    assert not secret.verifies(pending)
    found = secret.keys.for_kid(pending, secret.clock())
    assert found.unpromoted is not None
    assert found.unpromoted.kid == pending


def test_a_version_without_a_label_is_not_believed(secret: Secret) -> None:
    given_up = secret.version()
    secret.rotation.create_secret(given_up)
    secret.operator.adapters.key_versions.remove_label(given_up, "AWSPENDING")
    assert not secret.verifies(given_up)
    assert secret.keys.for_kid(given_up, secret.clock()).unpromoted is None


def test_a_version_from_before_a_breach_is_not_believed_whatever_its_label(secret: Secret) -> None:
    before = secret.current
    replacement = secret.rotation.replace_without_grace(1)
    assert secret.verifies(replacement.key.kid)
    assert not secret.verifies(before)


def test_a_late_read_after_the_cache_has_expired_is_corrected_again(secret: Secret) -> None:
    after = secret.rotate()
    assert secret.verifies(after)
    secret.clock.advance(CACHE)
    assert secret.verifies(after)
