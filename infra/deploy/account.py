"""What a stage needs of its account and region, and shares there with everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import click
from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code
from infra.deploy.refusal import Refused
from infra.deploy.target import Target

LOG_ROLE = "gatehouse-gateway-log"
API_COPIES = 100
"""As many as the token endpoint's burst, each of which may hash a password."""
FEWEST_COPIES = 20
KEPT_FREE = 100
"""What Lambda keeps unreserved in every account."""
_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_PAUSE_SECONDS, _ATTEMPTS = 5, 24


@dataclass(frozen=True)
class Account:
    """The account, in the region of a stage."""

    target: Target
    sleep: Callable[[float], None]

    def reserved(self) -> dict[str, str]:
        """Return the concurrency to reserve for a new stage's API function, as its parameter.

        It is a limit as well: with it a burst of sign-ins cannot use up the account's copies of functions.
        """
        limit = self.target.client("lambda").get_account_settings()["AccountLimit"]
        spare = int(limit["UnreservedConcurrentExecutions"]) - KEPT_FREE
        copies = min(API_COPIES, spare // 2)
        if copies >= FEWEST_COPIES:
            return {"ApiConcurrency": str(copies)}
        click.echo(
            f"Note      this account runs {limit['ConcurrentExecutions']} functions at once, too few to "
            "reserve any: a burst of sign-ins can use them all up. Ask AWS for more (Lambda, Concurrent "
            "executions)."
        )
        return {}

    def ensure_log_role(self) -> None:
        """Let API Gateway write logs. All APIs of a region do so by one role, so one that is set stays.

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
                if error_code(error) != "BadRequestException":
                    raise
                # A role that was just made is not yet known everywhere.
                self.sleep(_PAUSE_SECONDS)
            else:
                click.echo(f"Log role  {LOG_ROLE}, by which API Gateway writes the logs of this region")
                return
        raise Refused(
            f"API Gateway does not take the role {LOG_ROLE} for its logs: run this again in some minutes, "
            "or do without with --parameter AccessLogs=off."
        )

    def _log_role(self) -> str:
        iam = self.target.client("iam")
        try:
            made = iam.create_role(RoleName=LOG_ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))
        except iam.exceptions.EntityAlreadyExistsException:
            made = iam.get_role(RoleName=LOG_ROLE)
        policy = f"arn:{self.target.partition}:iam::aws:policy/{_LOG_POLICY}"
        iam.attach_role_policy(RoleName=LOG_ROLE, PolicyArn=policy)
        return str(made["Role"]["Arn"])
