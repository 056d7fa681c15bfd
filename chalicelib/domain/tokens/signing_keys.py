"""Signing keys and their rotation.

The newest key signs. The previous key still verifies, until every token that it signed has expired. If keys
are replaced twice within the lifetime of a token, the newest one lists the oldest as retired, with the time
until which it verifies.

`kid` is the id of the secret's version, which identifies a key without revealing anything about it. An
asymmetric key is published before the version that signs with it exists, so it has a random `kid` of its own:
each version lists the key after it (`NextKey`).

Every key belongs to an epoch. A rotation keeps the epoch; a breach raises it, and keys of an older epoch
verify nothing. So the write that replaces the key also revokes all of its predecessors.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.name_key import NameKey

HS256, RS256, ES256 = "HS256", "RS256", "ES256"
ALGORITHMS = (HS256, RS256, ES256)
"""The algorithms of RFC 7518 §3.1 that a key may have."""
MINIMUM_KEY_CHARACTERS = 64
"""Minimum length of an HMAC key: at least 256 bits in any usual alphabet (RFC 8725 §3.5)."""
MINIMUM_RSA_BITS = 2048
"""Minimum size of an RSA key (RFC 7518 §3.3)."""


class KeyMaterial(Secret[bytes]):
    """The bytes of an HMAC key, or the JSON of a private or public JWK (RFC 7517)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, bound to one algorithm (RFC 8725 §3.1). `created_at` is in Unix seconds.

    `version` is the id of the secret's version if that is not the `kid`. `following` is the published key
    that signs after this one.
    """

    kid: str
    material: KeyMaterial
    epoch: int = 0
    algorithm: str = HS256
    created_at: int = 0
    retired: tuple[RetiredKey, ...] = ()
    own_name_key: NameKey | None = None
    api_keys_epoch: int = 0
    """Minimum epoch of an API key, kept by rotations: a restored table may be older than a breach."""
    following: NextKey | None = None
    version: str = ""

    @property
    def version_id(self) -> str:
        """The id of the secret's version that contains this key."""
        return self.version or self.kid

    @property
    def is_public(self) -> bool:
        """Whether others can verify what this key signs: it is asymmetric."""
        return self.algorithm != HS256

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
class NextKey:
    """The key that signs after the current one, published with it.

    `published_at`, in Unix seconds, is 0 if this version is the first that lists it: then it was published
    when that version was promoted.
    """

    key: SigningKey
    published_at: int = 0


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
        return next((key for key in self.verifying(now) if key.kid == kid), None)

    def knows(self, kid: str) -> bool:
        """Return whether the set contains a key with this `kid`, even one that no longer verifies."""
        retired = (one.key for one in self.current.retired)
        return kid in {key.kid for key in (self.current, self.previous, *retired) if key is not None}

    def verifying(self, now: int) -> list[SigningKey]:
        """Return the keys that may verify, the newest first."""
        labelled = [self.current] if self.previous is None else [self.current, self.previous]
        keys = labelled + [one.key for one in self.current.retired if now < one.until]
        return [key for key in keys if key.epoch >= self.current.epoch]

    def follows(self, kid: str) -> bool:
        """Return whether this is the published key that signs after the current one, and does not yet."""
        following = self.current.following
        return following is not None and following.key.kid == kid
