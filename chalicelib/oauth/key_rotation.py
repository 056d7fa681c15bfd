"""Key rotation: the four steps of Secrets Manager, and the key replacement after a breach.

Every step is idempotent and may crash after any call. Reads of Secrets Manager are eventually consistent, so
a step waits until it sees what the previous step wrote, and never relies on something being absent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.domain.errors import Unavailable, UnreadableKey
from chalicelib.domain.ports import Clock, Entropy, Sleep, TokenCodec
from chalicelib.domain.tokens.key_ports import KeyVersions, StaleVersion, System
from chalicelib.domain.tokens.key_succession import may_follow
from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey
from chalicelib.domain.tokens.system_state import MAX_REPLACED_KEYS
from chalicelib.oauth.key_succession import KEY_ID_BYTES, KeySuccession, published_at

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
WAITS = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.5, 2.5)
"""Seconds between reads of something that was just written: 10 in total."""
_Found = TypeVar("_Found")


class RotationRefused(Exception):
    """A rotation step cannot be done. Secrets Manager tries again, and an alarm reports repeated failures."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A replacement after a breach: the new key, and the version id of the old one."""

    key: SigningKey
    instead_of: str


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Rotates the signing key."""

    versions: KeyVersions
    system: System
    codec: TokenCodec
    clock: Clock
    entropy: Entropy
    sleep: Sleep
    succession: KeySuccession

    def create_secret(self, token: str, *, early: bool = False) -> bool:
        """Write the next version as AWSPENDING, under the id from Secrets Manager.

        Return whether the current key continues to sign: a published key signs 24 hours later, or at once if
        `early`. Raises RotationRefused without a current key or with too many that verify, and Unavailable.
        """
        if self.versions.key(token) is not None:
            return False
        keys = self._keys()
        made = self._after(keys, token, early=early)
        self.versions.add(made, label=PENDING)
        self._wait_for(lambda: self.versions.key(token))
        return made.kid == keys.current.kid

    def next_signs_at(self) -> int:
        """Return the time from which the published next key may sign, in Unix seconds; 0 without one.

        Raises RotationRefused without a current key, and Unavailable.
        """
        keys = self._keys()
        if keys.current.following is None:
            return 0
        return self.succession.first_signature_at(published_at(keys, self.system.state(), self.clock()))

    def set_secret(self, token: str) -> None:
        """Do nothing: no other system needs the key."""

    def test_secret(self, token: str) -> None:
        """Sign and verify with pending and next key. Raises RotationRefused, InvalidToken or Unavailable."""
        pending = self._pending(token, self.current())
        probe = {"iat": self.clock(), "probe": self.entropy(16).hex()}
        for key in (pending, *([pending.following.key] if pending.following else [])):
            if dict(self.codec.verify(self.codec.parse(self.codec.sign(probe, key)), key)) != probe:
                raise RotationRefused("the pending key does not verify what it signs")

    def finish_secret(self, token: str) -> bool:
        """Promote the pending key and record the replacement. Return False if that was done before.

        Raises RotationRefused for a version that is neither pending nor current: a late call must not promote
        the key of an earlier rotation. Raises Unavailable, and its subclass StaleVersion, on I/O failure.
        """
        labels = self._wait_for(lambda: self._labels_of(token, {CURRENT, PENDING}))
        if not labels:
            raise RotationRefused("the version is not pending")
        if labels == frozenset({CURRENT}):
            return False
        if CURRENT not in labels:
            self._promote(token)
        # This record shows a reader that still sees the old label that its read was stale.
        self._record_replaced(token)
        # With this label on the current version, the next rotation would look unfinished.
        self.versions.remove_label(token, PENDING)
        self._wait_for(lambda: PENDING not in self.versions.labels().get(token, frozenset()))
        return True

    def replace_without_grace(self, epoch: int, *, api_keys: bool = False) -> Replacement:
        """Replace the key after a breach by one of `epoch` or later: no earlier key verifies any more.

        With `api_keys`, no earlier API key is valid any more, even in a restored table. A later epoch is used
        if the current key already has `epoch`. Raises RotationRefused without a current key, and Unavailable.
        """
        key: SigningKey | None = None

        def attempt() -> Replacement:
            nonlocal key
            current = self._version(CURRENT)
            if current is None:
                raise RotationRefused("the secret has no current version")
            present, of_keys = self._epochs_of(current)
            later = max(epoch, present + 1)
            if key is None or key.epoch < later:
                key = self._add_key_of(later, later if api_keys else of_keys)
            self.versions.promote(key.version_id, instead_of=current)
            return Replacement(key, current)

        return self._until_promoted(attempt)

    def tidy_labels(self, replacement: Replacement) -> None:
        """Remove the labels that `replace_without_grace` leaves on the new and the replaced key.

        Which labels these are is known from the promotion; a read could be stale. Wait until the removal is
        visible. Raises Unavailable, which is harmless: the epoch alone keeps the old key from verifying.
        """
        self.versions.remove_label(replacement.instead_of, PREVIOUS)
        version = replacement.key.version_id
        self.versions.remove_label(version, PENDING)
        self._wait_for(lambda: self.versions.labels().get(version) == frozenset({CURRENT}))

    def current(self) -> SigningKey:
        """Return the current key. Raises RotationRefused if there is none, and Unavailable."""
        key = self._labelled(CURRENT)
        if key is None:
            raise RotationRefused("the secret has no current version")
        return key

    def _promote(self, token: str) -> None:
        def attempt() -> None:
            current = self.current()
            # Replaces exactly the key that `_pending` checked: a breach may have happened in between.
            self.versions.promote(self._pending(token, current).version_id, instead_of=current.version_id)

        self._until_promoted(attempt)

    def _until_promoted(self, attempt: Callable[[], _Found]) -> _Found:
        """Retry a promotion whose read of the current version was stale. Raises StaleVersion after 10 s."""
        for pause in WAITS:
            try:
                return attempt()
            except StaleVersion:
                self.sleep(pause)
        return attempt()

    def _add_key_of(self, epoch: int, api_keys_epoch: int) -> SigningKey:
        key_id = self.entropy(KEY_ID_BYTES).hex()
        key = self.succession.without_predecessor(key_id, epoch, self.clock(), api_keys_epoch)
        # Added as AWSPENDING, which takes that label from a rotation in progress.
        self.versions.add(key, label=PENDING)
        return key

    def _record_replaced(self, token: str) -> None:
        """Record every key that `token` has replaced, and any that an earlier rotation failed to record.

        Wait until the promotion is visible: only then are AWSPREVIOUS and the retired keys known to be
        replaced.
        """
        labels = self._wait_for(lambda: self._labels_after(token))
        key = self._wait_for(lambda: self.versions.key(token))
        if labels is None or key is None:
            raise Unavailable("the promotion cannot be seen yet")
        previous = {
            one.kid
            for version, its_labels in labels.items()
            if PREVIOUS in its_labels and (one := self.versions.key(version))
        }
        replaced = (previous | {one.key.kid for one in key.retired}) - {key.kid}
        self.system.record_replaced(replaced, self.clock())

    def _pending(self, token: str, current: SigningKey) -> SigningKey:
        """Return the pending key if it may replace the current one. Raises RotationRefused."""
        pending = self._wait_for(lambda: self.versions.key(token))
        if pending is None:
            raise RotationRefused("the pending version has no value")
        if pending.epoch < current.epoch:
            # Created before a breach: promoting it would reactivate the sessions that the breach ended.
            raise RotationRefused("the pending key is of a past epoch")
        if pending.version_id == current.version_id:
            return pending
        if pending.kid != current.kid and pending.material == current.material:
            raise RotationRefused("the pending key is the current one")
        if not may_follow(current, pending):
            raise RotationRefused("the pending version was not made from the current one")
        return pending

    def _after(self, keys: KeySet, token: str, *, early: bool) -> SigningKey:
        since = 0 if early else self._published_at(keys)
        made = self.succession.after(keys, token, self.clock(), since)
        if len(made.retired) >= MAX_REPLACED_KEYS:
            raise RotationRefused(f"{MAX_REPLACED_KEYS} keys before it may still have live tokens")
        return made

    def _published_at(self, keys: KeySet) -> int:
        """Return when the next key was published. The role of the function writes the table only."""
        state = self.system.record_replaced((), self.clock()) if keys.current.following else None
        return published_at(keys, state, self.clock()) if state else 0

    def _keys(self) -> KeySet:
        return KeySet(self.current(), self._labelled(PREVIOUS))

    def _wait_for(self, look: Callable[[], _Found]) -> _Found:
        """Call `look` until its result is true, for at most 10 s. Return its last result."""
        for pause in WAITS:
            if found := look():
                return found
            self.sleep(pause)
        return look()

    def _labels_of(self, version: str, wanted: set[str]) -> frozenset[str]:
        """Return the labels of a version if one of them is in `wanted`, else an empty set."""
        labels = self.versions.labels().get(version, frozenset())
        return labels if labels & wanted else frozenset()

    def _labels_after(self, token: str) -> dict[str, frozenset[str]] | None:
        """Return all labels if they show that `token` was promoted, else None."""
        labels = dict(self.versions.labels())
        return labels if CURRENT in labels.get(token, frozenset()) else None

    def _epochs_of(self, version: str) -> tuple[int, int]:
        """Return the epochs of a version and of its API keys; of an unreadable one, -1 and the table's."""
        try:
            key = self.versions.key(version)
        except UnreadableKey:
            return -1, self.system.state().api_keys_epoch
        return (key.epoch, key.api_keys_epoch) if key else (-1, 0)

    def _labelled(self, label: str) -> SigningKey | None:
        version = self._version(label)
        return self.versions.key(version) if version else None

    def _version(self, label: str) -> str | None:
        return next((one for one, labels in self.versions.labels().items() if label in labels), None)
