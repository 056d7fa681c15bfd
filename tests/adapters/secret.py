"""The signing secret in the imitation of AWS, and one function's keys from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chalicelib.adapters.secrets_manager.keys import SecretsManagerKeys
from chalicelib.oauth.key_rotation import KeyRotation
from tests.adapters.aws_calls import Calls
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock

CACHE = 60


@dataclass
class Secret:
    """What an operator does to the secret, and what a function sees of it."""

    services: AwsServices
    operator: AwsServices
    calls: Calls
    clock: FakeClock
    made: int = 0

    @property
    def keys(self) -> SecretsManagerKeys:
        """Return the keys of the function."""
        keys = self.services.adapters.keys
        assert isinstance(keys, SecretsManagerKeys)
        return keys

    @property
    def rotation(self) -> KeyRotation:
        """Return what an operator rotates with; its calls are not counted."""
        return self.operator.key_rotation

    @property
    def current(self) -> str:
        """Return the `kid` that signs according to AWS."""
        return self.rotation.current().kid

    def version(self) -> str:
        """Return a new id of a version."""
        self.made += 1
        return str(UUID(int=self.made))

    def rotate(self) -> str:
        """Rotate; return the new `kid`."""
        version = self.version()
        self.rotation.create_secret(version)
        self.rotation.finish_secret(version)
        return version

    def breach(self, epoch: int) -> str:
        """Replace the key as a breach does; return the new `kid`."""
        replacement = self.rotation.replace_without_grace(epoch)
        self.rotation.tidy_labels(replacement)
        return replacement.key.kid

    def write(self, text: str) -> None:
        """Make something the current value."""
        self.operator.secretsmanager.put_secret_value(
            SecretId="gatehouse-test", ClientRequestToken=self.version(), SecretString=text
        )

    def asked(self) -> int:
        """Return how often the function has asked AWS since the last time."""
        count = len(self.calls.secretsmanager)
        self.calls.forget()
        return count

    def verifies(self, kid: str, issued_at: int | None = None) -> bool:
        """Tell whether the function finds a key that may verify a token of `kid` that was made now."""
        at = self.clock() if issued_at is None else issued_at
        key = self.keys.for_kid(kid, at).verifier(kid, self.clock())
        return key is not None and key.kid == kid

    @classmethod
    def of(cls, aws: Aws, clock: FakeClock) -> Secret:
        """Return the secret, as it is before the first rotation."""
        services = aws.services(clock, key_cache_seconds=CACHE)
        return cls(services, aws.services(clock), Calls.of(services), clock)
