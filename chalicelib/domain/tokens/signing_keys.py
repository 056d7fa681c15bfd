"""Signing keys and their rotation.

The newest key signs. The previous key still verifies, until every token that it signed has expired. `kid` is
the id of the secret's version, which identifies a key without revealing anything about it. If keys are
replaced twice within the lifetime of a token, the newest one lists the oldest as retired, with the time until
which it verifies.

Every key belongs to an epoch. A rotation keeps the epoch; a breach raises it, and keys of an older epoch
verify nothing. So the write that replaces the key also revokes all of its predecessors.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.name_key import NameKey

ALGORITHM = "HS256"
MINIMUM_KEY_CHARACTERS = 64
"""Minimum length of a key: at least 256 bits in any usual alphabet (RFC 8725 §3.5)."""


class KeyMaterial(Secret[bytes]):
    """The bytes of an HMAC key."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, bound to one algorithm (RFC 8725 §3.1). `created_at` is in Unix seconds."""

    kid: str
    material: KeyMaterial
    epoch: int = 0
    algorithm: str = ALGORITHM
    created_at: int = 0
    retired: tuple[RetiredKey, ...] = ()
    own_name_key: NameKey | None = None
    api_keys_epoch: int = 0
    """Minimum epoch of an API key, kept by rotations: a restored table may be older than a breach."""

    @property
    def name_key(self) -> NameKey:
        """The name key in the same secret, or one derived from this key if the secret has none."""
        return self.own_name_key or NameKey.derived_from(self.material)


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """An older key that the current one lists: it verifies until `until`, in Unix seconds."""

    key: SigningKey
    until: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """The current key, which signs, and the keys that verify.

    `unpromoted` verifies nothing. It is the key that a token names if Secrets Manager shows it as pending;
    its promotion may not be visible yet.
    """

    current: SigningKey
    previous: SigningKey | None = None
    unpromoted: SigningKey | None = None

    @property
    def name_key(self) -> NameKey:
        """The HMAC key for sign-in names."""
        return self.current.name_key

    def verifier(self, kid: str, now: int) -> SigningKey | None:
        """Return the key with this `kid` if it may verify. `kid` is only compared."""
        for key in self._may_verify(now):
            if key.kid == kid and key.epoch >= self.current.epoch:
                return key
        return None

    def knows(self, kid: str) -> bool:
        """Return whether the set contains a key with this `kid`, even one that no longer verifies."""
        retired = (one.key for one in self.current.retired)
        return kid in {key.kid for key in (self.current, self.previous, *retired) if key is not None}

    def _may_verify(self, now: int) -> list[SigningKey]:
        labelled = [self.current] if self.previous is None else [self.current, self.previous]
        return labelled + [one.key for one in self.current.retired if now < one.until]


def retired_by_next(keys: KeySet, now: int, token_life: int) -> tuple[RetiredKey, ...]:
    """Return the retired keys of the next key, so that every unexpired token can still be verified.

    When the next key is promoted, the current one becomes AWSPREVIOUS, and the previous one loses its label.
    The previous key signed until the current one was promoted, which may be long after that one was created;
    so it is always retired, for `token_life` seconds (the lifetime of a token plus that of a key cache).
    """
    retired = [one for one in keys.current.retired if now < one.until]
    if keys.previous is not None:
        retired.append(RetiredKey(keys.previous, now + token_life))
    return tuple(one for one in retired if one.key.epoch >= keys.current.epoch)
