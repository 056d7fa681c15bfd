"""Secrets Manager's eventual consistency: reads that are behind the writes by a number of steps.

A step is a read. So whoever looks often enough sees what was written, and whoever looks once does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

from chalicelib.domain.ports import Clock
from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey
from tests.fake_keys import FakeKeys

State = TypeVar("State")


class Lag(Generic[State]):
    """The states that there were. The first `steps` reads after a write still see the one before it."""

    def __init__(self, steps: int, state: State) -> None:
        self._steps = steps
        self._reads = 0
        self._written = [(-1 - steps, state)]

    def write(self, state: State) -> None:
        """Add what there is from now on."""
        self._written.append((self._reads, state))

    def read(self) -> State:
        """Return what a read sees now."""
        self._reads += 1
        return next(state for at, state in reversed(self._written) if at + self._steps < self._reads)


class LateKeys(FakeKeys):
    """The fake, whose reads are behind by `steps`."""

    def __init__(self, clock: Clock, steps: int) -> None:
        self._lag: Lag[Any] | None = None
        super().__init__(clock)
        self._lag = Lag(steps, self._snapshot())

    def current(self, *, epoch: int = 0) -> KeySet:
        with self._as_seen():
            return super().current(epoch=epoch)

    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        with self._as_seen():
            return super().for_kid(kid, issued_at)

    def labels(self) -> Mapping[str, frozenset[str]]:
        with self._as_seen():
            return super().labels()

    def key(self, version_id: str) -> SigningKey | None:
        with self._as_seen():
            return super().key(version_id)

    def add(self, key: SigningKey, *, label: str) -> None:
        super().add(key, label=label)
        self._wrote()

    def promote(self, version_id: str, *, instead_of: str) -> None:
        super().promote(version_id, instead_of=instead_of)
        self._wrote()

    def remove_label(self, version_id: str, label: str) -> None:
        super().remove_label(version_id, label)
        self._wrote()

    def _snapshot(self) -> tuple[dict[str, SigningKey], dict[str, str]]:
        return dict(self.versions), dict(self.version_of)

    def _wrote(self) -> None:
        if self._lag:
            self._lag.write(self._snapshot())

    @contextmanager
    def _as_seen(self) -> Iterator[None]:
        if self._lag is None:
            yield
            return
        there = self.versions, self.version_of
        self.versions, self.version_of = (dict(part) for part in self._lag.read())
        try:
            yield
        finally:
            self.versions, self.version_of = there


class LateSecretsManager:
    """A client of Secrets Manager whose reads are behind by `steps`; it serves one secret.

    Clients that share a `history` see the same past, as those of several functions do.
    """

    def __init__(self, client: Any, steps: int, history: dict[str, Lag[Any]] | None = None) -> None:
        self._client = client
        self._steps = steps
        self._history = {} if history is None else history

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_secret(self, SecretId: str) -> Any:  # noqa: N803 - the client's own names
        described = self._client.describe_secret(SecretId=SecretId)
        labels = {version: list(one["VersionStages"]) for version, one in self._read(SecretId).items()}
        return {**described, "VersionIdsToStages": labels}

    def get_secret_value(self, SecretId: str, **asked: str) -> Any:  # noqa: N803
        label = asked.get("VersionStage", "AWSCURRENT")
        for version, one in self._read(SecretId).items():
            if version == asked.get("VersionId") or (
                "VersionId" not in asked and label in one["VersionStages"]
            ):
                return one
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")

    def put_secret_value(self, SecretId: str, **given: Any) -> Any:  # noqa: N803
        there = self._versions(SecretId)
        if given.get("ClientRequestToken") in there:
            # moto would replace the value.
            raise ClientError({"Error": {"Code": "ResourceExistsException"}}, "PutSecretValue")
        return self._write(SecretId, self._client.put_secret_value, given)

    def update_secret_version_stage(self, SecretId: str, **given: Any) -> Any:  # noqa: N803
        return self._write(SecretId, self._client.update_secret_version_stage, given)

    def _write(self, secret: str, call: Callable[..., Any], given: dict[str, Any]) -> Any:
        lag = self._lag(secret)
        answer = call(SecretId=secret, **given)
        lag.write(self._versions(secret))
        return answer

    def _read(self, secret: str) -> dict[str, Any]:
        seen: dict[str, Any] = self._lag(secret).read()
        return seen

    def _lag(self, secret: str) -> Lag[Any]:
        if secret not in self._history:
            self._history[secret] = Lag(self._steps, self._versions(secret))
        return self._history[secret]

    def _versions(self, secret: str) -> dict[str, Any]:
        labels = self._client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        values = [self._client.get_secret_value(SecretId=secret, VersionId=version) for version in labels]
        return {one["VersionId"]: {**one, "VersionStages": list(labels[one["VersionId"]])} for one in values}
