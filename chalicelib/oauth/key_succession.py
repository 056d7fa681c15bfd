"""The content of each version of the signing secret: the key that signs, and the next key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.ports import Entropy
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.tokens.key_ports import KeyGenerator
from chalicelib.domain.tokens.key_succession import PUBLICATION_SECONDS, retired_by_next
from chalicelib.domain.tokens.signing_keys import HS256, KeySet, NextKey, SigningKey
from chalicelib.domain.tokens.system_state import CLOCK_LEEWAY_SECONDS, SystemState

KEY_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeySuccession:
    """Makes the next version of the signing secret.

    An HMAC key is made by the rotation that promotes it. An asymmetric key is made one rotation earlier and
    published with the current key, so that verifiers have it before it signs: a change of `algorithm` takes
    two rotations. `token_life`, in seconds, is the lifetime of an access token plus `key_cache_seconds`.
    """

    generate: KeyGenerator
    entropy: Entropy
    algorithm: str
    token_life: int
    key_cache_seconds: int

    def after(self, keys: KeySet, version: str, now: int, published_at: int) -> SigningKey:
        """Return the version after `keys`, at `now`; its next key was published at `published_at`.

        A next key that was published too recently remains the next key. Meanwhile a current HMAC key is
        replaced by a new one, and a current asymmetric key continues to sign. Raises Unavailable.
        """
        retired = retired_by_next(keys, now, self.token_life)
        return replace(
            self._signing_key(keys.current, version, now, published_at),
            epoch=keys.current.epoch,
            created_at=now,
            retired=retired,
            own_name_key=keys.name_key,
            api_keys_epoch=keys.current.api_keys_epoch,
            version=version,
        )

    def without_predecessor(self, version: str, epoch: int, now: int, api_keys_epoch: int = 0) -> SigningKey:
        """Return a version that contains no earlier key. Raises Unavailable."""
        return replace(
            self._new_key(self.algorithm, version, epoch),
            created_at=now,
            own_name_key=NameKey(self.generate(HS256, version).reveal()),
            api_keys_epoch=api_keys_epoch,
            following=self._new_following(epoch),
            version=version,
        )

    def first_signature_at(self, published_at: int) -> int:
        """Return the time from which a key that was published at `published_at` may sign.

        Functions list it with their cached copy for `key_cache_seconds` longer than the promotion takes.
        """
        return published_at + PUBLICATION_SECONDS + self.key_cache_seconds + CLOCK_LEEWAY_SECONDS

    def _signing_key(self, current: SigningKey, version: str, now: int, published_at: int) -> SigningKey:
        following = current.following
        if following and now >= self.first_signature_at(published_at):
            return replace(following.key, following=self._new_following(current.epoch))
        waiting = NextKey(following.key, published_at) if following else self._new_following(current.epoch)
        if current.is_public and waiting:
            return replace(current, following=waiting)
        return replace(self._new_key(HS256, version, current.epoch), following=waiting)

    def _new_following(self, epoch: int) -> NextKey | None:
        if self.algorithm == HS256:
            return None
        return NextKey(self._new_key(self.algorithm, self.entropy(KEY_ID_BYTES).hex(), epoch))

    def _new_key(self, algorithm: str, kid: str, epoch: int) -> SigningKey:
        return SigningKey(kid, self.generate(algorithm, kid), epoch, algorithm)


def published_at(keys: KeySet, system: SystemState, now: int) -> int:
    """Return when the next key of `keys` was published, in Unix seconds.

    The first version that lists it published it with its promotion, which the table records as the
    replacement of the key before. If that is not recorded yet, `now` is the only safe answer.
    """
    current, previous = keys.current, keys.previous
    if current.following and current.following.published_at:
        return current.following.published_at
    if previous and previous.kid != current.kid and previous.kid not in system.replaced_at:
        return now
    return max([current.created_at, *system.replaced_at.values()])
