"""Builds the adapters: one for each port that does I/O, reads the clock or needs random bytes.

`AwsAdapters` builds each adapter at its first use, because a cold start pays for every import: the authorizer
never imports bcrypt, and no function creates a client that it does not need.
"""

from __future__ import annotations

import secrets
import time
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, Self

from chalicelib.aws_account_adapters import AccountAdapters, AwsAccountAdapters
from chalicelib.aws_clients import AwsClients
from chalicelib.aws_mail_adapters import AwsMailAdapters, MailAdapters
from chalicelib.domain.deadline import require_time
from chalicelib.lambda_environment import needs_boto3

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.table import Table
    from chalicelib.adapters.signed.client import Transport
    from chalicelib.adapters.threads import Starter
    from chalicelib.domain.ports import (
        Audit,
        Clock,
        Entropy,
        Keys,
        PasswordHasher,
        Sessions,
        Sleep,
        TokenCodec,
    )
    from chalicelib.domain.sign_in.ports import SignIns
    from chalicelib.domain.tokens.key_ports import KeyGenerator, KeyVersions, System
    from chalicelib.settings import Settings


_FIRST_PAUSE_SECONDS = 0.02
"""Mean pause before the first retry. A transaction locks its items for milliseconds."""


class Adapters(AccountAdapters, MailAdapters, Protocol):
    """One adapter for each port."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102 - named by its type
    @property
    def sleep(self) -> Sleep: ...  # noqa: D102
    @property
    def entropy(self) -> Entropy: ...  # noqa: D102
    @property
    def sessions(self) -> Sessions: ...  # noqa: D102
    @property
    def sign_ins(self) -> SignIns: ...  # noqa: D102
    @property
    def system(self) -> System: ...  # noqa: D102
    @property
    def keys(self) -> Keys: ...  # noqa: D102
    @property
    def key_versions(self) -> KeyVersions: ...  # noqa: D102
    @property
    def key_generator(self) -> KeyGenerator: ...  # noqa: D102
    @property
    def hasher(self) -> PasswordHasher: ...  # noqa: D102
    @property
    def codec(self) -> TokenCodec: ...  # noqa: D102
    @property
    def audit(self) -> Audit: ...  # noqa: D102


def now() -> int:
    """Return Unix time in whole seconds."""
    return int(time.time())


def monotonic() -> float:
    """Return the seconds of a monotonic clock, for deadlines."""
    return time.monotonic()


class AwsAdapters(AwsAccountAdapters, AwsMailAdapters, AwsClients):
    """DynamoDB, Secrets Manager, bcrypt and PyJWT.

    With a `transport`, the hot paths send signed requests through it; without one they use boto3.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
        threads: Starter | None = None,
        transport: Transport | None = None,
    ) -> None:
        # Costs no import: each function has loaded it before. The log level applies to the whole process.
        from chalicelib.observability import set_log_level

        set_log_level(settings.log_level)
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
        self._given_threads = threads
        self._transport = transport
        self.entropy: Entropy = secrets.token_bytes

    @classmethod
    def of_function(cls, settings: Settings, clock: Clock = now) -> Self:
        """Return the adapters of a Lambda function: signed requests, or boto3 if the environment needs it."""
        if needs_boto3():
            return cls(settings, clock)
        from chalicelib.adapters.signed.client import http_session

        session = http_session(settings.aws_endpoint_url) if settings.aws_endpoint_url else http_session()
        return cls(settings, clock, transport=session)

    @cached_property
    def sessions(self) -> Sessions:
        """Return the sessions in DynamoDB."""
        from chalicelib.adapters.dynamodb.sessions import DynamoDBSessions

        return DynamoDBSessions(self._table, ended_days=self.settings.ended_session_days)

    @cached_property
    def sign_ins(self) -> SignIns:
        """Return the sign-ins in DynamoDB."""
        from chalicelib.adapters.dynamodb.sign_ins import DynamoDBSignIns

        return DynamoDBSignIns(self._table, self._threads, ended_days=self.settings.ended_session_days)

    @cached_property
    def system(self) -> System:
        """Return the state of the system in DynamoDB."""
        from chalicelib.adapters.dynamodb.system import DynamoDBSystem

        return DynamoDBSystem(self._table)

    @cached_property
    def keys(self) -> Keys:
        """Return the signing keys from Secrets Manager."""
        from chalicelib.adapters.secrets_manager.keys import SecretsManagerKeys

        return SecretsManagerKeys(
            self._secret_reader,
            self.settings.signing_secret_id,
            clock=self.clock,
            cache_seconds=self.settings.key_cache_seconds,
        )

    @cached_property
    def key_versions(self) -> KeyVersions:
        """Return the versions of the secret in Secrets Manager."""
        from chalicelib.adapters.secrets_manager.versions import SecretsManagerVersions

        return SecretsManagerVersions(self._secretsmanager, self.settings.signing_secret_id)

    @cached_property
    def key_generator(self) -> KeyGenerator:
        """Return the generator of signing keys."""
        from chalicelib.adapters.jws.key_generator import JwsKeyGenerator

        return JwsKeyGenerator(self.entropy)

    @cached_property
    def hasher(self) -> PasswordHasher:
        """Return the bcrypt hasher."""
        from chalicelib.adapters.bcrypt_hasher import BcryptHasher

        return BcryptHasher(self.settings.bcrypt_cost, self.settings.failed_sign_in_cost)

    @cached_property
    def codec(self) -> TokenCodec:
        """Return the token codec. It loads the algorithm of the setting now, and others when needed."""
        from chalicelib.adapters.pyjwt_codec import PyJwtCodec

        return PyJwtCodec(self.settings.signing_algorithm)

    @cached_property
    def audit(self) -> Audit:
        """Return the audit trail in the log."""
        from chalicelib.observability.audit import LogAudit

        return LogAudit()

    @cached_property
    def _table(self) -> Table:
        from chalicelib.adapters.dynamodb.table import Table

        return Table(self._dynamodb, self.settings.users_table, self._backoff)

    @cached_property
    def _threads(self) -> Starter:
        from chalicelib.adapters.threads import Threads

        return self._given_threads or Threads()

    def _backoff(self, retry: int) -> None:
        # Exponential, with jitter: two callers that have collided would collide again after equal pauses.
        pause = _FIRST_PAUSE_SECONDS * 2 ** (retry - 1) * (0.5 + self.entropy(1)[0] / 510)
        require_time(pause)
        self.sleep(pause)
