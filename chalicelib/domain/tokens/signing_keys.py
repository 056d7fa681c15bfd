"""Signing keys and their generations.

The newest key signs, and the one before it still verifies, until every token that it signed has expired.
`kid` is the id of the secret's version: it names a key without saying anything about it. Where a key is
replaced twice within the life of a token, the newest one carries the oldest along, with the time until
which it may verify.

Every key belongs to an epoch. A rotation keeps the epoch; a breach raises it, and a key of an older epoch
verifies nothing any more. So one write that replaces the key is also the one that withdraws the grace of
its predecessors.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.name_key import NameKey

ALGORITHM = "HS256"
MINIMUM_KEY_CHARACTERS = 64
"""Random characters of a key: at least 256 bits in any alphabet that a generator uses (RFC 8725 §3.5)."""


class KeyMaterial(Secret[bytes]):
    """The bytes of an HMAC key."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, usable with exactly one algorithm (RFC 8725 §3.1). `created_at` is in Unix seconds."""

    kid: str
    material: KeyMaterial
    epoch: int = 0
    algorithm: str = ALGORITHM
    created_at: int = 0
    retired: tuple[RetiredKey, ...] = ()
    own_name_key: NameKey | None = None

    @property
    def name_key(self) -> NameKey:
        """The key of sign-in names in the same secret, derived from this one where there is none."""
        return self.own_name_key or NameKey.derived_from(self.material)


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that a newer one carries along: it may verify until `until`, in Unix seconds."""

    key: SigningKey
    until: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """What may sign, and what may verify.

    `unpromoted` verifies nothing. It is a key that a token has named and that has not been promoted, as far
    as can be seen: Secrets Manager may not show a promotion yet.
    """

    current: SigningKey
    previous: SigningKey | None = None
    unpromoted: SigningKey | None = None

    @property
    def name_key(self) -> NameKey:
        """The key of sign-in names."""
        return self.current.name_key

    def verifier(self, kid: str, now: int) -> SigningKey | None:
        """Return the key that `kid` names, if it may verify; `kid` is compared and used for nothing else."""
        for key in self._may_verify(now):
            if key.kid == kid and key.epoch >= self.current.epoch:
                return key
        return None

    def knows(self, kid: str) -> bool:
        """Tell whether `kid` is that of a key of this set, be it one that may verify no more."""
        retired = (one.key for one in self.current.retired)
        return kid in {key.kid for key in (self.current, self.previous, *retired) if key is not None}

    def _may_verify(self, now: int) -> list[SigningKey]:
        standing = [self.current] if self.previous is None else [self.current, self.previous]
        return standing + [one.key for one in self.current.retired if now < one.until]


def retired_by_next(keys: KeySet, now: int, token_life: int) -> tuple[RetiredKey, ...]:
    """Return the keys that the next key must carry along, so that no live token loses its verifier.

    Once there is a next key, today's current one becomes the previous, and today's previous falls out of
    the labels. It signed until today's current one was promoted, which may have been long after that one
    was made; so it is carried always, for `token_life` seconds (the life of a token and of a key cache).
    """
    carried = [one for one in keys.current.retired if now < one.until]
    if keys.previous is not None:
        carried.append(RetiredKey(keys.previous, now + token_life))
    return tuple(one for one in carried if one.key.epoch >= keys.current.epoch)
