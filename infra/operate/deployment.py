"""Where a deployment is: the local stack, or a CloudFormation stack of an AWS account."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.adapters.aws import error_code
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import NotFound
from chalicelib.services import AwsAdapters, Services
from chalicelib.settings import Settings
from infra.parameters import variable

if TYPE_CHECKING:
    from chalicelib.domain.accounts.account import Account
    from chalicelib.domain.ports import Audit
    from chalicelib.domain.sessions.session import EndedSession, Session

LOCAL = "local"
STACK_FILE = Path(".local/stack.json")
_USER_ID_CHARACTERS = 32


def stack_name(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack."""
    return f"gatehouse-{stage}"


def data_stack_name(stage: str) -> str:
    """Return the name of the stack that holds a stage's table, signing key and logs."""
    return f"gatehouse-{stage}-data"


class OperatorAdapters(AwsAdapters):
    """AWS as an operator's command sees it: it says itself what it does, in words rather than log lines."""

    @cached_property
    def audit(self) -> Audit:
        """Leave the trail in the table: what a command ends is kept there with its reason."""
        return UnloggedAudit()


class UnloggedAudit:
    """An audit that writes nothing."""

    def session_started(self, session: Session) -> None:
        """Say nothing."""

    def session_refreshed(self, session: Session) -> None:
        """Say nothing."""

    def session_ended(self, session: EndedSession) -> None:
        """Say nothing."""

    def refresh_token_reuse(self, session: Session) -> None:
        """Say nothing."""

    def corrupt_hash(self, user_id: str) -> None:
        """Say nothing."""


class NoDeployment(Exception):
    """There is no such stage to work on."""


@dataclass(frozen=True)
class Deployment:
    """One stage: its settings, its API, and the services that works on its table and secret."""

    stage: str
    settings: Settings
    api_url: str
    rest_api_id: str
    api_stage: str

    @cached_property
    def services(self) -> Services:
        """Return the services that stands on this deployment."""
        return Services(self.settings, OperatorAdapters(self.settings))

    def client(self, service: Any) -> Any:
        """Return a boto3 client for this deployment."""
        endpoint = self.settings.aws_endpoint_url or None
        return boto3.client(service, region_name=self.settings.aws_region, endpoint_url=endpoint)

    def operator(self) -> str:
        """Return who is at work here, as AWS knows them and as this machine does."""
        return f"{self.client('sts').get_caller_identity()['Arn']} ({getpass.getuser()})"

    def find_account(self, user: str) -> Account:
        """Return the account of an id, an address or a user name. Raises NotFound."""
        accounts = self.services.adapters.accounts
        account = accounts.find(SignInName.of(user))
        if account is None and len(user) == _USER_ID_CHARACTERS:
            account = accounts.account(user)
        if account is None:
            raise NotFound(description="There is no such user.")
        return account


def open_deployment(stage: str, region: str | None = None) -> Deployment:
    """Find a stage. Raises NoDeployment, BadSetting, or what botocore raises.

    Clients take their credentials from the environment; `infra.operate.cli` sets those of the local stack.
    """
    return _local() if stage == LOCAL else _deployed(stage, region)


def _local() -> Deployment:
    file = os.environ.get("GATEHOUSE_STACK_FILE") or str(STACK_FILE)
    settings = Settings.from_environment({**os.environ, "GATEHOUSE_STACK_FILE": file})
    return Deployment(LOCAL, settings, settings.issuer, LOCAL, LOCAL)


def session_in(region: str | None) -> boto3.Session:
    """Return a session in a region, or in that of the environment; boto3 alone overlooks `AWS_REGION`."""
    return boto3.Session(region_name=region or os.environ.get("AWS_REGION"))


def _deployed(stage: str, region: str | None) -> Deployment:
    session = session_in(region)
    data, stack = (_stack(session, name) for name in (data_stack_name(stage), stack_name(stage)))
    outputs = {
        one["OutputKey"]: one["OutputValue"] for part in (data, stack) for one in part.get("Outputs", [])
    }
    # An account made from here is to have the bcrypt cost, and a password the length, that are deployed.
    given = {variable(one["ParameterKey"]): one["ParameterValue"] for one in stack.get("Parameters", [])}
    ours = {
        "STAGE": stage,
        "USERS_TABLE": outputs["UsersTableName"],
        "SIGNING_SECRET_ID": outputs["SigningSecretArn"],
        "ISSUER": outputs["EndpointURL"].rstrip("/"),
        "AWS_REGION": str(session.region_name),
    }
    settings = Settings.from_environment({**given, **ours})
    return Deployment(stage, settings, settings.issuer, outputs["RestAPIId"], outputs["ApiStageName"])


def _stack(session: boto3.Session, name: str) -> dict[str, Any]:
    cloudformation = session.client("cloudformation")
    try:
        found: dict[str, Any] = dict(cloudformation.describe_stacks(StackName=name)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        where = f"{name} in {session.region_name}"
        raise NoDeployment(f"There is no stack {where}: deploy it, or name another --stage.") from error
    return found
