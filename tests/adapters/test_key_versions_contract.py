"""What every home of the signing secret promises to whoever replaces keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import (
    Keys,
)
from chalicelib.domain.tokens.key_ports import (
    KeyVersions,
)
from chalicelib.domain.tokens.signing_keys import KeyMaterial, RetiredKey, SigningKey
from chalicelib.oauth.key_rotation import KeyRotation
from tests.fake_aws import aws_in_process
from tests.fakes import FakeAdapters, FakeClock, fake_services
from tests.late_reads import LateKeys, LateSecretsManager

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
LATE = 3
"""Reads by which the late kinds are behind."""


def key(number: int, epoch: int = 0) -> SigningKey:
    return SigningKey(f"{number:032x}", KeyMaterial(f"{number:064}".encode()), epoch)


@dataclass(frozen=True)
class Home:
    """The versions, the keys that come of them, and a rotation that works on them."""

    versions: Any
    keys: Keys
    rotation: KeyRotation

    def labelled(self, label: str) -> str | None:
        """Return the version that has a label."""
        return next((one for one, labels in self.versions.labels().items() if label in labels), None)


class Settling:
    """Versions whose every write is waited for: what is promised of a read holds once it is not late."""

    def __init__(self, versions: KeyVersions) -> None:
        self._versions = versions

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._versions, name)

        def settled(*arguments: Any, **named: Any) -> Any:
            try:
                return method(*arguments, **named)
            finally:
                for _ in range(LATE):
                    self._versions.labels()

        return method if name in {"labels", "key"} else settled


@pytest.fixture(params=["fake", "secrets manager", "late fake", "late secrets manager"])
def home(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Home]:
    kind = request.param.removeprefix("late ")
    if kind == "fake":
        fakes = fake_services(FakeAdapters(clock))
        if request.param != kind:
            fakes.adapters.keys = LateKeys(clock, LATE)
        versions: Any = fakes.adapters.keys
        yield Home(Settling(versions), versions, fakes.key_rotation)
        return
    with aws_in_process() as aws:
        services = aws.services(clock, key_cache_seconds=0)
        if request.param != kind:
            client = LateSecretsManager(services.secretsmanager, LATE)
            services.adapters.__dict__["_secretsmanager"] = client
        yield Home(Settling(services.adapters.key_versions), services.adapters.keys, services.key_rotation)


def bare(one: SigningKey | None) -> SigningKey | None:
    """Return a key without the date at which its home has written it down."""
    return None if one is None else replace(one, created_at=0)


def test_there_is_a_key_that_signs(home: Home) -> None:
    current = home.labelled(CURRENT)
    assert current is not None
    assert home.versions.labels() == {current: frozenset({CURRENT})}
    assert home.keys.current().current == home.versions.key(current)


def test_a_version_that_is_not_there_has_no_key(home: Home) -> None:
    assert home.versions.key(key(1).kid) is None


def test_a_version_comes_back_as_it_was_added(home: Home) -> None:
    retired = (RetiredKey(key(8), 1_700_000_100), RetiredKey(key(9, epoch=2), 1_700_000_200))
    given = replace(key(1, epoch=2), retired=retired)
    home.versions.add(given, label=PENDING)
    assert bare(home.versions.key(given.kid)) == given


def test_a_version_that_has_a_value_keeps_it(home: Home) -> None:
    home.versions.add(key(1), label=PENDING)
    home.versions.add(replace(key(1), material=key(2).material), label=PENDING)
    assert bare(home.versions.key(key(1).kid)) == key(1)


def test_what_is_pending_signs_nothing(home: Home) -> None:
    before = home.keys.current()
    home.versions.add(key(1), label=PENDING)
    assert home.labelled(PENDING) == key(1).kid
    assert home.keys.current() == before


def test_promotion_moves_both_labels_and_may_be_repeated(home: Home) -> None:
    before = home.labelled(CURRENT)
    home.versions.add(key(1), label=PENDING)
    for _ in range(2):
        home.versions.promote(key(1).kid, instead_of=str(before))
        assert (home.labelled(CURRENT), home.labelled(PREVIOUS)) == (key(1).kid, before)
    assert bare(home.keys.current().current) == key(1)


def test_a_promotion_in_the_place_of_another_key_than_the_current_one_is_refused(home: Home) -> None:
    before = str(home.labelled(CURRENT))
    for number in (1, 2):
        home.versions.add(key(number), label=PENDING)
    home.versions.promote(key(1).kid, instead_of=before)
    with pytest.raises(Unavailable):
        home.versions.promote(key(2).kid, instead_of=before)
    assert (home.labelled(CURRENT), home.labelled(PREVIOUS)) == (key(1).kid, before)


def test_a_label_is_on_one_version_at_a_time(home: Home) -> None:
    home.versions.add(key(1), label=PENDING)
    home.versions.add(key(2), label=PENDING)
    assert home.labelled(PENDING) == key(2).kid


def test_a_label_comes_off_the_version_that_has_it_and_no_other(home: Home) -> None:
    home.versions.add(key(1), label=PENDING)
    home.versions.remove_label(key(2).kid, PENDING)
    assert home.labelled(PENDING) == key(1).kid
    for _ in range(2):
        home.versions.remove_label(key(1).kid, PENDING)
        assert home.labelled(PENDING) is None


def test_a_whole_rotation_leaves_two_labels(home: Home) -> None:
    before = home.labelled(CURRENT)
    for _ in range(2):
        home.rotation.create_secret(key(1).kid)
        home.rotation.test_secret(key(1).kid)
        home.rotation.finish_secret(key(1).kid)
    assert (home.labelled(CURRENT), home.labelled(PREVIOUS)) == (key(1).kid, before)
    assert home.labelled(PENDING) is None
    found = home.keys.for_kid(str(before), 1_700_000_000).verifier(str(before), 1_700_000_000)
    assert found is not None


def test_a_breach_leaves_one_label(home: Home) -> None:
    before = str(home.labelled(CURRENT))
    home.rotation.create_secret(key(1).kid)
    replacement = home.rotation.replace_without_grace(epoch=1)
    home.rotation.tidy_labels(replacement)
    assert home.versions.labels() == {replacement.key.kid: frozenset({CURRENT})}
    assert home.keys.current(epoch=1).current.epoch == 1
    for kid in (before, key(1).kid):
        assert home.keys.for_kid(kid, 1_700_000_000).verifier(kid, 1_700_000_000) is None
