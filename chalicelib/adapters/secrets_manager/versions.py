"""The versions of the signing secret in Secrets Manager, for rotation and breach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code, translate_aws_errors
from chalicelib.adapters.secrets_manager.secret_value import secret_text, signing_key
from chalicelib.domain.tokens.key_ports import (
    StaleVersion,
)
from chalicelib.domain.tokens.signing_keys import SigningKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
_LABEL_ELSEWHERE = frozenset(
    {"InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException"}
)
"""Error codes if a label is not on the version from which it should be removed."""


class SecretsManagerVersions:
    """Versions of the secret. Every method is idempotent, and raises Unavailable on I/O failure."""

    def __init__(self, client: SecretsManagerClient, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def labels(self) -> Mapping[str, frozenset[str]]:
        """Return the staging labels of the versions."""
        with translate_aws_errors():
            stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        return {version: frozenset(labels) for version, labels in stages.items() if labels}

    def key(self, version_id: str) -> SigningKey | None:
        """Return the key of a version. Raises UnreadableKey for a value that is not a key."""
        with translate_aws_errors():
            try:
                answer = self._client.get_secret_value(SecretId=self._secret_id, VersionId=version_id)
            except ClientError as error:
                # AWS registers a rotation's version before it has a value.
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
            # A binary value has no SecretString: that is an unreadable key, not a malformed response.
            text = "" if "SecretBinary" in answer else answer["SecretString"]
            return signing_key(version_id, text, int(answer["CreatedDate"].timestamp()))

    def add(self, key: SigningKey, *, label: str) -> None:
        """Write a version unless it exists; AWS would reject a second value, moto would not."""
        if self.key(key.version_id) is not None:
            return
        with translate_aws_errors():
            try:
                self._client.put_secret_value(
                    SecretId=self._secret_id,
                    ClientRequestToken=key.version_id,
                    SecretString=secret_text(key),
                    VersionStages=[label],
                )
            except ClientError as error:
                # The version exists, and the read above was stale.
                if error_code(error) != "ResourceExistsException":
                    raise

    def promote(self, version_id: str, *, instead_of: str) -> None:
        """Move AWSCURRENT to a version; Secrets Manager moves AWSPREVIOUS.

        Raises StaleVersion if AWSCURRENT is not on `instead_of`.
        """
        if CURRENT in self.labels().get(version_id, frozenset()):
            return
        with translate_aws_errors():
            try:
                self._client.update_secret_version_stage(
                    SecretId=self._secret_id,
                    VersionStage=CURRENT,
                    MoveToVersionId=version_id,
                    RemoveFromVersionId=instead_of,
                )
            except ClientError as error:
                if error_code(error) in _LABEL_ELSEWHERE:
                    raise StaleVersion("another version is current") from error
                raise

    def remove_label(self, version_id: str, label: str) -> None:
        """Remove a label, without reading first: after a stale read the label would stay."""
        with translate_aws_errors():
            try:
                self._client.update_secret_version_stage(
                    SecretId=self._secret_id, VersionStage=label, RemoveFromVersionId=version_id
                )
            except ClientError as error:
                if error_code(error) not in _LABEL_ELSEWHERE:
                    raise
