"""Creates the AWS clients that several adapters share, as a base class of `aws_adapters.AwsAdapters`."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.lambda_environment import aws_credentials

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from chalicelib.adapters.signed.client import JsonService, SignedClient, Transport
    from chalicelib.domain.ports import Entropy
    from chalicelib.settings import Settings


class AwsClients:
    """Clients that sign requests themselves if there is a `transport`, otherwise boto3 clients.

    The signed clients have the methods of boto3's clients that the adapters use.
    """

    settings: Settings
    entropy: Entropy
    _transport: Transport | None

    @abstractmethod
    def _backoff(self, retry: int) -> None:
        """Sleep before a retry."""

    @cached_property
    def _dynamodb(self) -> DynamoDBClient:
        if self._transport is not None:
            from chalicelib.adapters.signed.dynamodb import DYNAMODB, SignedDynamoDB

            client = self._signed(DYNAMODB, self._transport)
            return cast("DynamoDBClient", SignedDynamoDB(client, self.entropy))
        from chalicelib.adapters.aws import dynamodb

        return dynamodb(self.settings.aws_region, self.settings.aws_endpoint_url)

    @cached_property
    def _secret_reader(self) -> SecretsManagerClient:
        if self._transport is not None:
            from chalicelib.adapters.signed.secrets_manager import SECRETS_MANAGER, SignedSecretsManager

            client = self._signed(SECRETS_MANAGER, self._transport)
            return cast("SecretsManagerClient", SignedSecretsManager(client))
        return self._secretsmanager

    def _signed(self, service: JsonService, transport: Transport) -> SignedClient:
        from chalicelib.adapters.signed.client import SignedClient
        from chalicelib.adapters.signed.endpoints import endpoint

        region = self.settings.aws_region
        url = self.settings.aws_endpoint_url or endpoint(service.name, region)
        return SignedClient(service, region, url, aws_credentials, transport, self._backoff)

    @cached_property
    def _secretsmanager(self) -> SecretsManagerClient:
        from chalicelib.adapters.aws import secretsmanager

        return secretsmanager(self.settings.aws_region, self.settings.aws_endpoint_url)
