"""Signing keys from Secrets Manager, cached for a bounded time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code, translate_aws_errors
from chalicelib.adapters.secrets_manager.secret_value import signing_key
from chalicelib.domain.errors import TooManyUnknownKeys, Unavailable
from chalicelib.domain.tokens.signing_keys import KeySet

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

    from chalicelib.domain.ports import Clock
    from chalicelib.domain.tokens.signing_keys import SigningKey

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
_VERSION_ID = re.compile(r"[A-Za-z0-9_+=.@!-]{32,64}")
LOOKUP_BURST = 100
LOOKUPS_PER_SECOND = 1
"""Limits the look-ups for tokens with an unknown `kid` in one function: anyone can send any `kid`."""
LAG_SECONDS = 10
"""Assumed maximum delay of Secrets Manager after a rotation, and difference between clocks."""


@dataclass(frozen=True, slots=True)
class _Cached:
    keys: KeySet
    fetched_at: int
    previous_is_known: bool = False


class SecretsManagerKeys:
    """Reads the versions of the secret; `kid` is the id of a version.

    One call when cold, none while the cache is fresh. The previous version needs a second call, which is made
    only when a token names it, as in the hour after a rotation.

    Secrets Manager is eventually consistent: a read by label may return the state before a rotation.
    """

    def __init__(
        self, client: SecretsManagerClient, secret_id: str, *, clock: Clock, cache_seconds: int
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._cached: _Cached | None = None
        self._lock = RLock()
        self._lookups = _Allowance(clock)

    def current(self, *, epoch: int = 0) -> KeySet:
        """Return the keys, of `epoch` or later, from the cache if it is fresh. Raises Unavailable."""
        with self._lock:
            cached = self._fresh()
            if cached.keys.current.epoch < epoch:
                cached = self._fetch_current()
            if cached.keys.current.epoch < epoch:
                raise Unavailable("signing key of a past epoch")
            return cached.keys

    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        """Return a key set, read again if `kid` is unknown and may be newer than the cache.

        A key that signed at `issued_at` was in the secret then, so a cache filled later contains it. Another
        look-up is useful only for a token newer than the cache. Raises TooManyUnknownKeys if the look-ups are
        used up: a Deny could be wrong, and API Gateway would cache it. Raises Unavailable.
        """
        with self._lock:
            cached = self._fresh()
            if cached.keys.knows(kid) or not _VERSION_ID.fullmatch(kid):
                return cached.keys
            if not cached.previous_is_known:
                cached = self._fetch_previous(cached)
            if cached.keys.knows(kid) or not _may_be_newer(issued_at, cached.fetched_at, self._clock()):
                return cached.keys
            if not self._lookups.take():
                raise TooManyUnknownKeys("too many unknown keys")
            cached = self._fetch_current()
            if not cached.keys.knows(kid):
                cached = self._fetch_previous(cached)
            if cached.keys.knows(kid):
                return cached.keys
            if cached.keys.follows(kid):
                return self._fetch_pending(kid, cached.keys)
            return self._fetch_version(kid, cached.keys)

    def published(self) -> KeySet:
        """Return the current and the previous key, from the cache if it is fresh. Raises Unavailable."""
        with self._lock:
            cached = self._fresh()
            return (cached if cached.previous_is_known else self._fetch_previous(cached)).keys

    def _fresh(self) -> _Cached:
        cached = self._cached
        if cached is None or self._clock() - cached.fetched_at >= self._cache_seconds:
            return self._fetch_current()
        return cached

    def _fetch_current(self) -> _Cached:
        fetched_at = self._clock()
        current = self._fetch(CURRENT)
        if current is None:
            raise Unavailable("secret has no current version")
        self._cached = _Cached(KeySet(current), fetched_at)
        return self._cached

    def _fetch_previous(self, cached: _Cached) -> _Cached:
        previous = self._fetch(PREVIOUS)
        is_rotated = previous is not None and previous.version_id == cached.keys.current.version_id
        if is_rotated or cached.fetched_at < self._clock():
            # Only the newest key lists the keys retired since the cached copy was made. And a deleted secret
            # has no previous version either: reading the current one tells that outage from a missing
            # version.
            cached = self._fetch_current()
        keys = replace(cached.keys, previous=previous)
        self._cached = replace(cached, keys=keys, previous_is_known=True)
        return self._cached

    def _fetch_pending(self, kid: str, keys: KeySet) -> KeySet:
        """Return the keys with the next one as current if its version is promoted, else as unpromoted.

        `kid` is not the id of that version, which has AWSPENDING until the end of the rotation. A read by
        this label shows the promotion if the one by AWSCURRENT was stale.
        """
        fetched_at = self._clock()
        with translate_aws_errors():
            answer = self._answer(PENDING)
            found = _key_of(answer) if answer else None
            if answer and found and found.kid == kid and CURRENT in answer.get("VersionStages", ()):
                self._cached = _Cached(KeySet(found, keys.current), fetched_at, previous_is_known=True)
                return self._cached.keys
        following = keys.current.following
        return replace(keys, unpromoted=following.key if following else None)

    def _fetch_version(self, kid: str, keys: KeySet) -> KeySet:
        """Read a version by its id, and return the keys with this one in the role of its labels."""
        fetched_at = self._clock()
        with translate_aws_errors():
            try:
                answer = self._client.get_secret_value(SecretId=self._secret_id, VersionId=kid)
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return keys
                raise
            found, labels = _key_of(answer), set(answer.get("VersionStages", ()))
        if CURRENT in labels and _age(found) >= _age(keys.current):
            # The read by label was stale: this key has just replaced the one that it returned.
            keys = KeySet(found, keys.current)
        elif labels & {CURRENT, PREVIOUS}:
            keys = replace(keys, previous=found)
        else:
            return replace(keys, unpromoted=found) if PENDING in labels else keys
        self._cached = _Cached(keys, fetched_at, previous_is_known=True)
        return keys

    def _fetch(self, stage: str) -> SigningKey | None:
        with translate_aws_errors():
            answer = self._answer(stage)
            return _key_of(answer) if answer else None

    def _answer(self, stage: str) -> GetSecretValueResponseTypeDef | None:
        """Return the version with a label, or None if no version has it. AWSCURRENT is always there."""
        try:
            return self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            if stage != CURRENT and error_code(error) == "ResourceNotFoundException":
                return None
            raise


def _key_of(answer: GetSecretValueResponseTypeDef) -> SigningKey:
    return signing_key(answer["VersionId"], answer["SecretString"], int(answer["CreatedDate"].timestamp()))


def _age(key: SigningKey) -> tuple[int, int]:
    """Return a sort key: a breach raises the epoch, and within an epoch keys are promoted as created."""
    return key.epoch, key.created_at


def _may_be_newer(issued_at: int, fetched_at: int, now: int) -> bool:
    return fetched_at - LAG_SECONDS <= issued_at <= now + LAG_SECONDS


class _Allowance:
    """A token bucket of LOOKUP_BURST, refilled by LOOKUPS_PER_SECOND."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = LOOKUP_BURST
        self._at = clock()

    def take(self) -> bool:
        now = self._clock()
        self._left = min(LOOKUP_BURST, self._left + max(0, now - self._at) * LOOKUPS_PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
