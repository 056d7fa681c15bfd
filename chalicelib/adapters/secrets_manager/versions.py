"""The versions of the signing secret in Secrets Manager, for rotation and breach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code, translate_aws_errors
from chalicelib.adapters.secrets_manager.secret_value import secret_text, signing_key
from chalicelib.domain.tokens.key_ports import (
    StaleVersion,
)
from chalicelib.domain.tokens.signing_keys import SigningKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
_NOT_THERE = frozenset({"InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException"})
"""What AWS says where a label is not on the version that it is to be taken from."""


class SecretsManagerVersions:
    """Every call can be repeated: a rotation may crash after any of them."""

    def __init__(self, client: SecretsManagerClient, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def labels(self) -> Mapping[str, frozenset[str]]:
        """Return the staging labels of the versions."""
        with translate_aws_errors():
            stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        return {version: frozenset(labels) for version, labels in stages.items() if labels}

    def key(self, version_id: str) -> SigningKey | None:
        """Return the key of a version. Raises UnreadableKey for a value that is none."""
        with translate_aws_errors():
            try:
                answer = self._client.get_secret_value(SecretId=self._secret_id, VersionId=version_id)
            except ClientError as error:
                # AWS registers a rotation's version before it has a value.
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
            # A value that was replaced by a binary one has no text, which is no fault of the answer.
            text = "" if "SecretBinary" in answer else answer["SecretString"]
            return signing_key(version_id, text, int(answer["CreatedDate"].timestamp()))

    def add(self, key: SigningKey, *, label: str) -> None:
        """Write a version, unless it is there: AWS refuses another value for it, and moto does not."""
        if self.key(key.kid) is not None:
            return
        with translate_aws_errors():
            try:
                self._client.put_secret_value(
                    SecretId=self._secret_id,
                    ClientRequestToken=key.kid,
                    SecretString=secret_text(key),
                    VersionStages=[label],
                )
            except ClientError as error:
                # It is there, and the look before was late to see it.
                if error_code(error) != "ResourceExistsException":
                    raise

    def promote(self, version_id: str, *, instead_of: str) -> None:
        """Move AWSCURRENT; Secrets Manager moves AWSPREVIOUS along, and refuses if it is no longer there."""
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
                if error_code(error) in _NOT_THERE:
                    raise StaleVersion("another version is current") from error
                raise

    def remove_label(self, version_id: str, label: str) -> None:
        """Take a label off. Not looked for before: a late read would leave it where it is."""
        with translate_aws_errors():
            try:
                self._client.update_secret_version_stage(
                    SecretId=self._secret_id, VersionStage=label, RemoveFromVersionId=version_id
                )
            except ClientError as error:
                if error_code(error) not in _NOT_THERE:
                    raise
