"""The signing secret over dictionaries: its versions, their labels, and the keys that they give."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import (
    Clock,
)
from chalicelib.domain.tokens.key_ports import (
    StaleVersion,
)
from chalicelib.domain.tokens.key_succession import retired_by_next
from chalicelib.domain.tokens.signing_keys import KeyMaterial, KeySet, SigningKey
from tests.fake_outage import Remote, remote

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
TOKEN_LIFE = 3660


class FakeKeys(Remote):
    """Serves `Keys` and `KeyVersions`. What was rotated is seen at once, unless a test has it `cached`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.versions: dict[str, SigningKey] = {}
        self.version_of: dict[str, str] = {}
        self.cached: KeySet | None = None
        self._made = 0
        self.add(self.new_key(), label=CURRENT)
        self.calls.clear()
        self.round_trips = 0

    @remote
    def current(self, *, epoch: int = 0) -> KeySet:
        """Return the keys, which must be of `epoch` or later."""
        if self.cached and self.cached.current.epoch < epoch:
            self.cached = None
        keys = self.cached or self._keys()
        if keys.current.epoch < epoch:
            raise Unavailable("signing key of a past epoch")
        return keys

    @remote
    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        """Return the keys that may know `kid`."""
        keys = self.cached or self._keys()
        if keys.knows(kid):
            return keys
        pending = self.versions.get(self.version_of.get(PENDING, ""))
        if pending is None or pending.kid != kid:
            pending = keys.current.following.key if keys.current.following else None
        return replace(keys, unpromoted=pending) if pending and pending.kid == kid else keys

    @remote
    def published(self) -> KeySet:
        """Return the keys, the previous one included."""
        return self.cached or self._keys()

    @remote
    def labels(self) -> Mapping[str, frozenset[str]]:
        """Return the labels of every version that has one."""
        versions = set(self.version_of.values())
        return {
            version: frozenset(label for label, at in self.version_of.items() if at == version)
            for version in versions
        }

    @remote
    def key(self, version_id: str) -> SigningKey | None:
        """Return the key of a version, labelled or not."""
        return self.versions.get(version_id)

    @remote
    def add(self, key: SigningKey, *, label: str) -> None:
        """Write a new version, unless it is there."""
        if key.version_id in self.versions:
            return
        self.versions[key.version_id] = replace(key, created_at=self.clock())
        self._label(key.version_id, label)

    @remote
    def promote(self, version_id: str, *, instead_of: str) -> None:
        """Make a version AWSCURRENT."""
        current = self.version_of.get(CURRENT)
        if current == version_id:
            return
        if current != instead_of:
            raise StaleVersion("another version is current")
        self._label(version_id, CURRENT)

    @remote
    def remove_label(self, version_id: str, label: str) -> None:
        """Take a label off a version, if it is there."""
        if self.version_of.get(label) == version_id:
            del self.version_of[label]

    def new_key(self, epoch: int = 0) -> SigningKey:
        """Make a key that was never there; `kid` has the form of a version id."""
        self._made += 1
        material = hashlib.sha256(f"key {self._made}".encode()).hexdigest()
        return SigningKey(f"00000000-0000-4000-8000-{self._made:012x}", KeyMaterial(material.encode()), epoch)

    def rotate(self, token_life: int = TOKEN_LIFE) -> SigningKey:
        """Replace the key as a rotation does: the one before still verifies."""
        keys = self._keys()
        retired = retired_by_next(keys, self.clock(), token_life)
        new = self.new_key(keys.current.epoch)
        return self._replace(replace(new, retired=retired, own_name_key=keys.name_key))

    def breach(self) -> int:
        """Replace the key as a breach does: no earlier one verifies. Return the new epoch."""
        key = self._replace(self.new_key(self._keys().current.epoch + 1))
        for label in (PREVIOUS, PENDING):
            self.version_of.pop(label, None)
        return key.epoch

    def _replace(self, key: SigningKey) -> SigningKey:
        self.versions[key.kid] = replace(key, created_at=self.clock())
        self._label(key.kid, CURRENT)
        return self.versions[key.kid]

    def _label(self, version_id: str, label: str) -> None:
        if label == CURRENT and CURRENT in self.version_of:
            self.version_of[PREVIOUS] = self.version_of[CURRENT]
        self.version_of[label] = version_id

    def _keys(self) -> KeySet:
        current, previous = self.version_of.get(CURRENT), self.version_of.get(PREVIOUS)
        if current is None:
            raise Unavailable("secret has no current version")
        return KeySet(self.versions[current], self.versions[previous] if previous else None)
