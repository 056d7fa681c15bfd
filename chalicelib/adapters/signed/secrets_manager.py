"""Reading a secret, with the arguments and results of boto3's client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.signed.client import JsonService, SignedClient

SECRETS_MANAGER = JsonService("secretsmanager", "secretsmanager", "application/x-amz-json-1.1")


class SignedSecretsManager:
    """Secrets Manager through signed requests."""

    def __init__(self, client: SignedClient) -> None:
        self.client = client

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        """Read a version of a secret."""
        answer = self.client.call("GetSecretValue", request)
        if "CreatedDate" in answer:
            answer["CreatedDate"] = datetime.fromtimestamp(answer["CreatedDate"], UTC)
        return answer
