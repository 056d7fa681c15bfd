"""The deployment that a command works on: the local stack, or a CloudFormation stack."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib.adapters.aws_errors import error_code
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import NotFound, UnreadableKey
from chalicelib.oauth.key_rotation import RotationRefused
from chalicelib.observability.audit import LogAudit
from chalicelib.services import AwsAdapters, Services
from chalicelib.settings import Settings
from infra.parameters import variable

if TYPE_CHECKING:
    from chalicelib.domain.accounts.account import Account
    from chalicelib.domain.accounts.changes import AccountChange
    from chalicelib.domain.ports import Audit
    from chalicelib.domain.sessions.session import EndedSession, Session
    from chalicelib.oauth.key_rotation import KeyRotation

LOCAL = "local"
STACK_FILE = Path(".local/stack.json")
_BRIEFLY = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
_NOT_TOLD = (BotoCoreError, ClientError, ResponseParserError, KeyError)


def stack_name(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack."""
    return f"gatehouse-{stage}"


def data_stack_name(stage: str) -> str:
    """Return the name of the stack that holds a stage's table, signing key and logs."""
    return f"gatehouse-{stage}-data"


class OperatorAdapters(AwsAdapters):
    """The AWS adapters for commands, which print what they do instead of logging it."""

    @cached_property
    def audit(self) -> Audit:
        """Return an audit trail that logs only changes of accounts; ended sessions are in the table."""
        return CommandAudit()


class LocalServices(Services):
    """The services of the local stack, for commands.

    Another shell may not have the `SIGNING_ALGORITHM` of `make run`: the algorithm is read from the secret.
    """

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Return the rotation, which makes keys of the algorithm of the newest one."""
        rotation = super().key_rotation
        try:
            current = rotation.current()
        except (RotationRefused, UnreadableKey):
            return rotation
        newest = current.following.key if current.following else current
        return replace(rotation, succession=replace(rotation.succession, algorithm=newest.algorithm))


class CommandAudit:
    """An audit trail that logs only changes of accounts."""

    def session_started(self, session: Session) -> None:
        """Do nothing."""

    def session_refreshed(self, session: Session) -> None:
        """Do nothing."""

    def refresh_repeated(self, session: Session) -> None:
        """Do nothing."""

    def session_ended(self, session: EndedSession) -> None:
        """Do nothing."""

    def refresh_token_reuse(self, session: Session) -> None:
        """Do nothing."""

    def corrupt_hash(self, user_id: str) -> None:
        """Do nothing."""

    def account_changed(self, change: AccountChange) -> None:
        """Log the change to standard error."""
        LogAudit().account_changed(change)


class NoDeployment(Exception):
    """There is no such stage to work on."""


@dataclass(frozen=True)
class Deployment:
    """One stage: its settings, its API, and services that use its table and secret."""

    stage: str
    settings: Settings
    api_url: str
    rest_api_id: str
    api_stage: str

    @cached_property
    def services(self) -> Services:
        """Return the services of this deployment."""
        adapters = OperatorAdapters(self.settings)
        if self.stage == LOCAL and "SIGNING_ALGORITHM" not in os.environ:
            return LocalServices(self.settings, adapters)
        return Services(self.settings, adapters)

    def client(self, service: Any) -> Any:
        """Return a boto3 client for this deployment."""
        endpoint = self.settings.aws_endpoint_url or None
        return boto3.client(service, region_name=self.settings.aws_region, endpoint_url=endpoint)

    def identity(self) -> str:
        """Return the ARN of the caller's AWS identity. Raises BotoCoreError and ClientError."""
        endpoint = self.settings.aws_endpoint_url or None
        region = self.settings.aws_region
        sts = boto3.client("sts", region_name=region, endpoint_url=endpoint, config=_BRIEFLY)
        return str(sts.get_caller_identity()["Arn"])

    @cached_property
    def actor(self) -> str:
        """Return the identity for the audit trail, or "unknown AWS identity" if STS fails."""
        try:
            return self.identity()
        except _NOT_TOLD as error:
            return f"unknown AWS identity ({type(error).__name__})"

    def operator(self) -> str:
        """Return the AWS identity and the local user name of the operator."""
        return f"{self.actor} ({_local_user()})"

    def find_account(self, user: str) -> Account:
        """Return the account of an id, an address or a user name. Raises NotFound and Unavailable.

        Text of the form of an id is an id: no user name may have that form.
        """
        accounts = self.services.adapters.accounts
        user_id = user.lower()
        account = accounts.account(user_id) if is_id(user_id) else accounts.find(SignInName.of(user))
        if account is None:
            raise NotFound(description="There is no such user.")
        return account


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # In a container the uid may have no user name.
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown user"


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
    """Return a boto3 session in a region, by default that of `AWS_REGION`, which boto3 itself ignores."""
    return boto3.Session(region_name=region or os.environ.get("AWS_REGION"))


def _deployed(stage: str, region: str | None) -> Deployment:
    session = session_in(region)
    data, stack = (_stack(session, name) for name in (data_stack_name(stage), stack_name(stage)))
    outputs = {
        one["OutputKey"]: one["OutputValue"] for part in (data, stack) for one in part.get("Outputs", [])
    }
    # An account created by a command has the deployed bcrypt cost and minimum password length.
    given = {variable(one["ParameterKey"]): one["ParameterValue"] for one in stack.get("Parameters", [])}
    ours = {
        "STAGE": stage,
        "USERS_TABLE": outputs["UsersTableName"],
        "SIGNING_SECRET_ID": outputs["SigningSecretArn"],
        "ISSUER": outputs["EndpointURL"].rstrip("/"),
        "AWS_REGION": str(session.region_name),
        # Empty if no mail is sent.
        "MAIL_QUEUE_URL": outputs.get("MailQueueURL", ""),
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
