"""Compare the settings of a deployed stage, as AWS reports them, with its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from infra.operate.deployment import stack_name

TLS = {"EDGE": "SecurityPolicy_TLS12_2018_EDGE", "REGIONAL": "SecurityPolicy_TLS13_1_2_2021_06"}
_TOKEN_ROUTE = "~1oauth~1token/POST"  # noqa: S105 - a route


@dataclass(frozen=True)
class Row:
    """One setting: its name, the expected and the actual value."""

    name: str
    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        """Tell whether the actual value is the expected one."""
        return self.expected == self.found


@dataclass(frozen=True)
class Verification:
    """A stage, its parameters (of both stacks), and the outputs of its service."""

    stage: str
    values: Mapping[str, str]
    outputs: Mapping[str, str]
    client: Callable[[str], Any]

    def passes(self) -> bool:
        """Print a table of every setting; return whether all are right."""
        rows = list(self.rows())
        width, seen = max(len(row.name) for row in rows), max(len(row.expected) for row in rows)
        for row in rows:
            verdict = "yes" if row.is_right else f"NO: {row.found}"
            click.echo(f"  {row.name:<{width}}  {row.expected:<{seen}}  {verdict}")
        return all(row.is_right for row in rows)

    def rows(self) -> Iterator[Row]:
        """Return a row for every setting."""
        yield from self._api()
        yield from self._stage()
        yield from self._data()

    def _api(self) -> Iterator[Row]:
        gateway, values = self.client("apigateway"), self.values
        api = {"restApiId": self.outputs["RestAPIId"]}
        for one in gateway.get_authorizers(**api)["items"]:
            found = one.get("authorizerResultTtlInSeconds")
            yield Row(
                f"authorizer {one['name']}: cache seconds", values["AuthorizerCacheSeconds"], str(found)
            )
        found = gateway.get_rest_api(**api)
        yield Row("TLS policy", TLS[values["EndpointType"]], str(found.get("securityPolicy")))
        yield Row("endpoint access", "BASIC", str(found.get("endpointAccessMode")))
        yield Row("endpoint type", values["EndpointType"], ", ".join(found["endpointConfiguration"]["types"]))
        address = "disabled" if found.get("disableExecuteApiEndpoint") else "enabled"
        yield Row("AWS's own address", values["AwsAddress"], address)

    def _stage(self) -> Iterator[Row]:
        stage = self.client("apigateway").get_stage(
            restApiId=self.outputs["RestAPIId"], stageName=self.outputs["ApiStageName"]
        )
        for route, prefix in (("*/*", ""), (_TOKEN_ROUTE, "Token")):
            found = stage.get("methodSettings", {}).get(route, {})
            expected = f"{self.values[f'{prefix}RequestsPerSecond']} {self.values[f'{prefix}RequestsBurst']}"
            actual = f"{found.get('throttlingRateLimit', 0):g} {found.get('throttlingBurstLimit', 0)}"
            yield Row(f"throttle of {route}", expected, actual)
        expected = self.values["WebAclArn"] or self.outputs.get("WebAcl") or "none"
        yield Row("web ACL", expected, stage.get("webAclArn") or "none")
        logs = "on" if stage.get("accessLogSettings", {}).get("destinationArn") else "off"
        yield Row("access log", self.values["AccessLogs"], logs)
        yield Row("tracing", str(self.values["Tracing"] == "Active"), str(stage.get("tracingEnabled", False)))
        alarms = self.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack_name(self.stage)}-")
        ringing = [one["AlarmName"] for one in alarms["MetricAlarms"] if one["StateValue"] == "ALARM"]
        yield Row("alarms in state ALARM", "none", ", ".join(ringing) or "none")

    def _data(self) -> Iterator[Row]:
        name = f"gatehouse-{self.stage}"
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=f"{name}-")["logGroups"]
        retention = {one["logGroupName"]: str(one.get("retentionInDays")) for one in groups}
        for log in ("api", "authorizer", "rotation", "access"):
            found = retention.get(f"{name}-{log}", "no such log")
            yield Row(f"log {name}-{log}: days", self.values["LogRetentionDays"], found)
        secret = self.client("secretsmanager").describe_secret(SecretId=f"{name}/signing-key")
        days = (
            secret.get("RotationRules", {}).get("AutomaticallyAfterDays")
            if secret.get("RotationEnabled")
            else 0
        )
        yield Row("rotation of the signing key: days", self.values["KeyRotationDays"], str(days))
        dynamodb = self.client("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        yield Row(
            "table is protected from deletion", "True", str(table.get("DeletionProtectionEnabled", False))
        )
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        yield Row(
            "table can be restored",
            "ENABLED",
            backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        )
        (stack,) = self.client("cloudformation").describe_stacks(StackName=f"{name}-data")["Stacks"]
        yield Row(
            "data is protected from deletion", "True", str(stack.get("EnableTerminationProtection", False))
        )
