"""What a stage needs of its account and region, and shares there with everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click
from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code
from infra.deploy.refusal import Refused
from infra.deploy.target import Target

LOG_ROLE, BOUNDARY = "gatehouse-gateway-log", "gatehouse-boundary"
API_COPIES = 100
"""As many as the token endpoint's burst, each of which may hash a password."""
FEWEST_COPIES = 20
KEPT_FREE = 100
"""What Lambda keeps unreserved in every account."""
_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_TRUST = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
# API Gateway takes UpdateAccount once in 20 seconds, and does not know a new role at once.
_PAUSE_SECONDS, _ATTEMPTS = 21, 10
_NOT_YET = {"BadRequestException", "TooManyRequestsException"}


@dataclass(frozen=True)
class Account:
    """The account, in the region of a stage."""

    target: Target
    sleep: Callable[[float], None]

    def suggestions(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return parameters of a new stage that the account decides, where none are given."""
        wanted = {"ApiConcurrency": self._concurrency, "PermissionsBoundary": self._boundary}
        return {name: find() for name, find in wanted.items() if name not in given}

    def ensure_log_role(self) -> None:
        """Let API Gateway write logs. All APIs of a region share one role, so one that is set stays.

        Raises Refused where API Gateway does not take the role.
        """
        gateway = self.target.client("apigateway")
        if gateway.get_account().get("cloudwatchRoleArn"):
            return
        change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": self._log_role()}
        for _ in range(_ATTEMPTS):
            try:
                gateway.update_account(patchOperations=[change])
            except ClientError as error:
                if error_code(error) not in _NOT_YET:
                    raise
                self.sleep(_PAUSE_SECONDS)
            else:
                click.echo(f"Log role  {LOG_ROLE}, by which API Gateway writes the logs of this region")
                return
        raise Refused(
            f"API Gateway does not take the role {LOG_ROLE} for its logs: run this again in some minutes, "
            "or do without with --parameter AccessLogs=off."
        )

    def _concurrency(self) -> str:
        """Return what the API function can reserve, which is its limit too: other functions keep the rest."""
        limit = self.target.client("lambda").get_account_settings()["AccountLimit"]
        copies = min(API_COPIES, (int(limit["UnreservedConcurrentExecutions"]) - KEPT_FREE) // 2)
        if copies >= FEWEST_COPIES:
            return str(copies)
        click.echo(
            f"Note      this account runs {limit['ConcurrentExecutions']} functions at once, too few to "
            "reserve any: a burst of sign-ins can use them all up. Ask AWS for more (Lambda, Concurrent "
            "executions)."
        )
        return "0"

    def _boundary(self) -> str:
        """Return the boundary of roles that docs/policies.md has an administrator create, or nothing."""
        iam = self.target.client("iam")
        arn = f"arn:{self.target.partition}:iam::{self.target.account}:policy/{BOUNDARY}"
        try:
            iam.get_policy(PolicyArn=arn)
        except iam.exceptions.NoSuchEntityException:
            return ""
        return arn

    def _log_role(self) -> str:
        iam = self.target.client("iam")
        try:
            made = iam.create_role(RoleName=LOG_ROLE, AssumeRolePolicyDocument=_TRUST)
        except iam.exceptions.EntityAlreadyExistsException:
            made = iam.get_role(RoleName=LOG_ROLE)
        policy = f"arn:{self.target.partition}:iam::aws:policy/{_LOG_POLICY}"
        iam.attach_role_policy(RoleName=LOG_ROLE, PolicyArn=policy)
        return str(made["Role"]["Arn"])
