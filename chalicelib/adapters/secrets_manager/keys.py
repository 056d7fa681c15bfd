"""Signing keys from Secrets Manager, cached for a bounded time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code, translate_aws_errors
from chalicelib.adapters.secrets_manager.secret_value import signing_key
from chalicelib.domain.errors import TooManyUnknownKeys, Unavailable
from chalicelib.domain.ports import Clock
from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
_VERSION_ID = re.compile(r"[A-Za-z0-9_+=.@!-]{32,64}")
LOOKUP_BURST = 100
LOOKUPS_PER_SECOND = 1
"""Looks that tokens with an unknown `kid` can make one function take: anyone can write any `kid`."""
LAG_SECONDS = 10
"""By which an answer of Secrets Manager may be behind a rotation, and a function's clock behind another's."""


@dataclass(frozen=True, slots=True)
class _Cached:
    keys: KeySet
    fetched_at: int
    previous_is_known: bool = False


class SecretsManagerKeys:
    """Reads the secret's versions; `kid` is the version's id.

    One call when cold, none while the cache is fresh. The previous version costs a call of its own, so it
    is fetched only once a token asks for it, which happens in the hour after a rotation.

    Secrets Manager is eventually consistent: a read by label may still show what was there before a rotation.
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
        """Return keys no older than the cache allows, and of `epoch` at least. Raises Unavailable."""
        with self._lock:
            cached = self._fresh()
            if cached.keys.current.epoch < epoch:
                cached = self._fetch_current()
            if cached.keys.current.epoch < epoch:
                raise Unavailable("signing key of a past epoch")
            return cached.keys

    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        """Return the keys that may know `kid`, after another look where the cached ones may be too old.

        A key that signed at `issued_at` was in the secret then, and a cache filled later has seen it. So only
        a token younger than the cache can have a key that another look would find. Raises TooManyUnknownKeys
        where the looks are used up: a no, which API Gateway would cache, might be wrong.
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
            return cached.keys if cached.keys.knows(kid) else self._fetch_version(kid, cached.keys)

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
        is_rotated = previous is not None and previous.kid == cached.keys.current.kid
        if is_rotated or cached.fetched_at < self._clock():
            # Only the newest key carries along what was rotated away since that copy was made. And a secret
            # that is gone altogether has no previous version either, which is an outage and no answer.
            cached = self._fetch_current()
        keys = replace(cached.keys, previous=previous)
        self._cached = replace(cached, keys=keys, previous_is_known=True)
        return self._cached

    def _fetch_version(self, kid: str, keys: KeySet) -> KeySet:
        """Ask for a version by its id, and return the keys with what its labels make of it."""
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
            # The read by label was late: what it gave has just been replaced by this one.
            keys = KeySet(found, keys.current)
        elif labels & {CURRENT, PREVIOUS}:
            keys = replace(keys, previous=found)
        else:
            return replace(keys, unpromoted=found) if PENDING in labels else keys
        self._cached = _Cached(keys, fetched_at, previous_is_known=True)
        return keys

    def _fetch(self, stage: str) -> SigningKey | None:
        with translate_aws_errors():
            try:
                answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
            except ClientError as error:
                if stage == PREVIOUS and error_code(error) == "ResourceNotFoundException":
                    return None
                raise
            return _key_of(answer)


def _key_of(answer: GetSecretValueResponseTypeDef) -> SigningKey:
    return signing_key(answer["VersionId"], answer["SecretString"], int(answer["CreatedDate"].timestamp()))


def _age(key: SigningKey) -> tuple[int, int]:
    """Return what orders keys: a breach comes after any rotation, and keys are promoted as they were made."""
    return key.epoch, key.created_at


def _may_be_newer(issued_at: int, fetched_at: int, now: int) -> bool:
    return fetched_at - LAG_SECONDS <= issued_at <= now + LAG_SECONDS


class _Allowance:
    """A token bucket: so many at once, then so many a second."""

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
