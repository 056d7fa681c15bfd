"""Resources that moto's CloudFormation does not make, or makes in part; made in moto's own services.

In full: the secret (its generated value included). In part, by what the tests look at: the REST API with
the routes of its definition, its stage, the table's expiry and backups. In name only, with a physical id
and nothing behind it: every type in `IN_NAME_ONLY`. What exists under a resource's fixed name is taken
instead of made.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from moto.apigateway.models import RestAPI, apigateway_backends
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.logs.models import LogGroup, logs_backends
from moto.secretsmanager.models import secretsmanager_backends

IN_NAME_ONLY = (
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::CloudWatch::Alarm",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
)
_numbers = itertools.count(1)


class Secret(CloudFormationModel):
    """AWS::SecretsManager::Secret."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Secret:
        wanted, backend = cloudformation_json["Properties"], secretsmanager_backends[account_id][region_name]
        if wanted["Name"] in backend.secrets:
            return cls(backend.secrets[wanted["Name"]].arn)
        value = json.loads(wanted["GenerateSecretString"]["SecretStringTemplate"])
        value[wanted["GenerateSecretString"]["GenerateStringKey"]] = "k" * 64
        made = backend.create_secret(
            name=wanted["Name"],
            secret_string=json.dumps(value),
            secret_binary=None,
            description=wanted["Description"],
            tags=None,
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(made)["ARN"])


class Stage(CloudFormationModel):
    """AWS::ApiGateway::Stage."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "StageName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGateway::Stage"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Stage:
        wanted = cloudformation_json["Properties"]
        backend = apigateway_backends[account_id][region_name]
        backend.create_stage(wanted["RestApiId"], resource_name, wanted["DeploymentId"].id)
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Stage:
        wanted = cloudformation_json["Properties"]
        api = apigateway_backends[account_id][region_name].get_rest_api(wanted["RestApiId"])
        api.stages[original_resource.physical_resource_id].deployment_id = wanted["DeploymentId"].id
        return cls(original_resource.physical_resource_id)


def _in_name_only(kind: str) -> type[CloudFormationModel]:
    # A direct subclass: moto looks no further for what it supports.
    class Imagined(CloudFormationModel):
        def __init__(self) -> None:
            self.physical_resource_id = f"imagined-{next(_numbers)}"

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return True

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return f"{self.physical_resource_id}.{attribute_name}"

        @classmethod
        def create_from_cloudformation_json(cls, *values: Any, **more: Any) -> Imagined:
            return cls()

        @classmethod
        def update_from_cloudformation_json(cls, original_resource: Any, *values: Any, **more: Any) -> Any:
            return original_resource

    return Imagined


_IMAGINED = [_in_name_only(kind) for kind in IN_NAME_ONLY]


def teach_types(patch: pytest.MonkeyPatch) -> None:
    """Have moto's CloudFormation make these."""
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
    patch.setattr(RestAPI, "create_from_cloudformation_json", classmethod(_rest_api))
    patch.setattr(RestAPI, "update_from_cloudformation_json", classmethod(_same_rest_api))
    for kind, make in ((Table, _table), (LogGroup, _log_group)):
        original = kind.create_from_cloudformation_json
        patch.setattr(
            kind,
            "create_from_cloudformation_json",
            classmethod(lambda _cls, *values, _make=make, _original=original, **_: _make(_original, *values)),
        )


def without_moto(call: str, limit: dict[str, int]) -> str:
    """Return the answer to what moto does not know: quotas, and the policies that are AWS's own."""
    if "/account-settings" in call:
        return json.dumps({"AccountLimit": limit})
    return "<AttachRolePolicyResponse/>" if call == "AttachRolePolicy" else ""


def is_there(account_id: str, region_name: str, resource: Any) -> bool:
    """Tell whether something of data.yaml exists under its name."""
    wanted = resource.get("Properties", {})
    if resource["Type"] == "AWS::DynamoDB::Table":
        return wanted["TableName"] in dynamodb_backends[account_id][region_name].tables
    if resource["Type"] == "AWS::Logs::LogGroup":
        return wanted["LogGroupName"] in logs_backends[account_id][region_name].groups
    return False


def _rest_api(
    _cls: Any, /, _name: str, described: Any, account_id: str, region_name: str, **_more: Any
) -> Any:
    # moto reads OpenAPI 3 only, and of that just what Swagger 2 has as well.
    body = {key: value for key, value in described["Properties"]["Body"].items() if key != "swagger"}
    body["info"] = {"description": "", **body["info"]}
    return apigateway_backends[account_id][region_name].import_rest_api(body, fail_on_warnings=False)


def _same_rest_api(_cls: Any, /, original_resource: Any, **_more: Any) -> Any:
    return original_resource


def _table(make: Any, name: str, described: Any, account_id: str, region_name: str) -> Any:
    wanted, backend = described["Properties"], dynamodb_backends[account_id][region_name]
    if wanted["TableName"] in backend.tables:
        return backend.tables[wanted["TableName"]]
    table = make(name, described, account_id, region_name)
    if expiry := wanted.get("TimeToLiveSpecification"):
        backend.update_time_to_live(table.name, expiry)
    if backups := wanted.get("PointInTimeRecoverySpecification"):
        backend.update_continuous_backups(table.name, backups)
    return table


def _log_group(make: Any, name: str, described: Any, account_id: str, region_name: str) -> Any:
    groups = logs_backends[account_id][region_name].groups
    wanted = described["Properties"]["LogGroupName"]
    return groups.get(wanted) or make(name, described, account_id, region_name)
