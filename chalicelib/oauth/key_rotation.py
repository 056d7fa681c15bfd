"""Replacing the signing key: Secrets Manager's four steps, and the one step of a breach.

Any step may be repeated, and may crash after any call: each looks at what there is before it adds to it.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from chalicelib.domain.ports import Clock, Entropy, KeyVersions, TokenCodec
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.tokens.signing_keys import KeyMaterial, KeySet, SigningKey, retired_by_next

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
KEY_BYTES = 48
"""Random bytes of a key: 384 bits, written as 64 characters."""


class RotationRefused(Exception):
    """A step cannot be done as asked; Secrets Manager tries again, and the alarm rings."""


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Replaces keys. `token_life` is the life of an access token and of a key cache together, in seconds."""

    versions: KeyVersions
    codec: TokenCodec
    clock: Clock
    entropy: Entropy
    token_life: int

    def create_secret(self, token: str) -> None:
        """Write a new key as AWSPENDING, under the version id that Secrets Manager gave."""
        if self.versions.key(token) is None:
            self.versions.add(self._next_key(token), label=PENDING)

    def set_secret(self, token: str) -> None:
        """Do nothing: no other system holds the key."""

    def test_secret(self, token: str) -> None:
        """Sign and verify with the pending key. Raises RotationRefused, InvalidToken or Unavailable."""
        pending, _ = self._pending(token)
        probe = {"iat": self.clock(), "probe": self.entropy(16).hex()}
        if dict(self.codec.verify(self.codec.sign(probe, pending), pending)) != probe:
            raise RotationRefused("the pending key does not verify what it signs")

    def finish_secret(self, token: str) -> bool:
        """Promote the pending key; return False where all of that had been done.

        Raises RotationRefused for a version that is neither pending nor current: one of an earlier rotation,
        asked for late, would sign again.
        """
        labels = self.versions.labels().get(token, frozenset())
        if CURRENT not in labels:
            if PENDING not in labels:
                raise RotationRefused("the version is not pending")
            pending, current = self._pending(token)
            # In place of the very key that the pending one was held against: a breach may come in between.
            self.versions.promote(pending.kid, instead_of=current.kid)
        # Left on the current version, the label makes the next rotation look unfinished.
        self.versions.remove_label(token, PENDING)
        return labels != {CURRENT}

    def replace_without_grace(self, token: str, epoch: int) -> None:
        """Replace the key after a breach: one of `epoch` signs, and no earlier one verifies any more."""
        material = self._new_material()
        # As pending first, which takes that label from a rotation that is under way.
        key = SigningKey(
            token, material, epoch, created_at=self.clock(), own_name_key=NameKey(self._new_text())
        )
        self.versions.add(key, label=PENDING)
        self.versions.promote(token, instead_of=self._version(CURRENT) or "")
        for version, labels in self.versions.labels().items():
            for label in labels & {PREVIOUS, PENDING}:
                self.versions.remove_label(version, label)

    def current(self) -> SigningKey:
        """Return the key that signs. Raises RotationRefused where there is none."""
        key = self._labelled(CURRENT)
        if key is None:
            raise RotationRefused("the secret has no current version")
        return key

    def _pending(self, token: str) -> tuple[SigningKey, SigningKey]:
        """Return the pending key and the current one, if the first may take the place of the second."""
        pending, current = self.versions.key(token), self.current()
        if pending is None:
            raise RotationRefused("the pending version has no value")
        if pending.epoch < current.epoch:
            # Made before a breach: to promote it would bring back what the breach has ended.
            raise RotationRefused("the pending key is of a past epoch")
        is_promoted = pending.kid == current.kid
        if not is_promoted and hmac.compare_digest(pending.material.reveal(), current.material.reveal()):
            raise RotationRefused("the pending key is the current one")
        return pending, current

    def _next_key(self, token: str) -> SigningKey:
        keys, now = KeySet(self.current(), self._labelled(PREVIOUS)), self.clock()
        retired = retired_by_next(keys, now, self.token_life)
        epoch = keys.current.epoch
        return SigningKey(
            token,
            self._new_material(),
            epoch,
            created_at=now,
            retired=retired,
            own_name_key=keys.name_key,
        )

    def _labelled(self, label: str) -> SigningKey | None:
        version = self._version(label)
        return self.versions.key(version) if version else None

    def _version(self, label: str) -> str | None:
        return next((one for one, labels in self.versions.labels().items() if label in labels), None)

    def _new_material(self) -> KeyMaterial:
        return KeyMaterial(self._new_text())

    def _new_text(self) -> bytes:
        return base64.urlsafe_b64encode(self.entropy(KEY_BYTES))
