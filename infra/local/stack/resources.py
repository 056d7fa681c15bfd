"""Create the table, the secret and the queues of the template in the local AWS.

moto's CloudFormation is not used: it does not support secrets, and ignores a table's TTL and backups.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import boto3

from infra.local.environment import REGION

if TYPE_CHECKING:
    from infra.local.stack.template import Template


def create_resources(template: Template, aws_url: str) -> dict[str, str]:
    """Create every table, secret and queue; return names by logical id, and the URL of a queue."""
    tables = template.resources("AWS::DynamoDB::Table")
    secrets = template.resources("AWS::SecretsManager::Secret")
    queues = template.resources("AWS::SQS::Queue")
    dynamodb, manager = client("dynamodb", aws_url), client("secretsmanager", aws_url)
    sqs = client("sqs", aws_url)
    with contextlib.closing(dynamodb), contextlib.closing(manager), contextlib.closing(sqs):
        made = {name: _table(dynamodb, wanted) for name, wanted in tables.items()}
        made |= {name: _secret(manager, wanted) for name, wanted in secrets.items()}
        return made | {name: _queue(sqs, wanted) for name, wanted in queues.items()}


def allow_sender(address: str, aws_url: str) -> None:
    """Allow an address as a sender of mails in SES."""
    ses = client("sesv2", aws_url)
    with contextlib.closing(ses):
        ses.create_email_identity(EmailIdentity=address)


def client(service: Any, url: str) -> Any:
    """Return a boto3 client for the local AWS at `url`, independent of the environment."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  # moto requires a value and checks none
    )


def _table(dynamodb: Any, wanted: dict[str, Any]) -> str:
    direct = dict(wanted)
    name = str(direct["TableName"])
    expiry = direct.pop("TimeToLiveSpecification")
    backups = direct.pop("PointInTimeRecoverySpecification")
    # Deleting the table is how a developer simulates an outage; it has only demo accounts.
    direct.pop("DeletionProtectionEnabled", None)
    # A KMS key of an AWS account does not exist here.
    direct.pop("SSESpecification", None)
    dynamodb.create_table(**direct)
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=backups)
    return name


def _queue(sqs: Any, wanted: dict[str, Any]) -> str:
    # Without the dead-letter queue: its ARN names an AWS account, and moto's is another one in each stack.
    attributes = {"VisibilityTimeout": str(wanted.get("VisibilityTimeout", 30))}
    return str(sqs.create_queue(QueueName=wanted["QueueName"], Attributes=attributes)["QueueUrl"])


def _secret(manager: Any, wanted: dict[str, Any]) -> str:
    direct = dict(wanted)
    direct.pop("KmsKeyId", None)
    generate = dict(direct.pop("GenerateSecretString"))
    document = json.loads(generate.pop("SecretStringTemplate"))
    key = generate.pop("GenerateStringKey")
    document[key] = manager.get_random_password(**generate)["RandomPassword"]
    return str(manager.create_secret(SecretString=json.dumps(document), **direct)["Name"])
