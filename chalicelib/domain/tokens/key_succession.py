"""The rules by which one version of the signing secret follows another."""

from __future__ import annotations

from chalicelib.domain.tokens.public_keys import verifying_part
from chalicelib.domain.tokens.signing_keys import KeySet, RetiredKey, SigningKey

PUBLICATION_SECONDS = 24 * 3600
"""Minimum time between the publication of an asymmetric key and its first signature."""


def may_follow(current: SigningKey, pending: SigningKey) -> bool:
    """Return whether `pending` was made as the successor of `current`, and not of a version before it.

    A version that was made from a stale read would sign with a key that has been replaced, or would sign with
    a key that was never published.
    """
    if pending.kid == current.kid:
        # The same key signs on: only while the same next key waits for its time.
        return current.is_public and _following(pending) is not None and _keeps_following(current, pending)
    if current.following is None:
        return _following(pending) != current.kid
    return pending.kid == current.following.key.kid or _keeps_following(current, pending)


def _following(key: SigningKey) -> str | None:
    return key.following.key.kid if key.following else None


def _keeps_following(current: SigningKey, pending: SigningKey) -> bool:
    return current.following is None or _following(pending) == current.following.key.kid


def retired_by_next(keys: KeySet, now: int, token_life: int) -> tuple[RetiredKey, ...]:
    """Return the retired keys of the next version, so that every unexpired token can still be verified.

    When the next key is promoted, the current one becomes AWSPREVIOUS, and the previous one loses its label.
    The previous key signed until the current one was promoted, which may be long after that one was created;
    so it is always retired, for `token_life` seconds (the lifetime of a token plus that of a key cache). Of
    an asymmetric one only the public part is kept.
    """
    retired = [one for one in keys.current.retired if now < one.until]
    if keys.previous is not None:
        retired.append(RetiredKey(verifying_part(keys.previous), now + token_life))
    # A version that keeps the signing key (see `KeySuccession`) is no predecessor of itself.
    return tuple(
        one for one in retired if one.key.epoch >= keys.current.epoch and one.key.kid != keys.current.kid
    )
