"""One stage on moto, from a first deploy that fails to the deletion of its data: every step is recorded."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import Result

from infra.deploy.options import PROJECT
from infra.template.build import data_template
from tests.infra.deploy.aws import sent
from tests.infra.deploy.conftest import DeployHarness
from tests.infra.operate.people import asked_by
from tests.infra.policies.test_deploy_policy import DEPLOYER
from tests.infra.template.calls import Call
from tests.infra.template.packaged import document

DATA, SERVICE, SECRET = "gatehouse-prod-data", "gatehouse-prod", "gatehouse-prod/signing-key"
ITEM = {"pk": {"S": "somebody"}, "sk": {"S": "somebody"}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"


@dataclass(frozen=True)
class Step:
    """A command, the requests that it sent, and what there was afterwards."""

    result: Result
    requests: list[tuple[str, dict[str, str]]]
    stacks: dict[str, Any]
    template: dict[str, Any]
    items: list[dict[str, Any]]

    @property
    def calls(self) -> list[str]:
        return [call for call, _ in self.requests]

    def sent(self, call: str, stack: str = "") -> list[dict[str, str]]:
        return sent(self.requests, call, stack)

    def value(self, parameter: str) -> str:
        """Return a parameter of the service."""
        parameters = self.stacks[SERVICE]["Parameters"]
        return next(str(one["ParameterValue"]) for one in parameters if one["ParameterKey"] == parameter)

    @property
    def issuers(self) -> set[str]:
        """Return the issuer of each copy of the system's state."""
        copies = [one for one in self.items if one["pk"]["S"].startswith("EPOCH#")]
        assert len(copies) in {0, 64}
        return {one.get("issuer", {"S": ""})["S"] for one in copies}


@dataclass
class Life:
    """A stage, the steps that it went through by name, and what IAM was asked in all of them."""

    harness: DeployHarness
    steps: dict[str, Step] = field(default_factory=dict)
    asked: set[Call] = field(default_factory=set)

    def deploy(self, step: str, *options: str, **parameters: str) -> None:
        given = (word for name, value in parameters.items() for word in ("--parameter", f"{name}={value}"))
        self._run(step, "deploy", *options, *given)

    def destroy(self, step: str, *options: str, answer: str | None = None) -> None:
        self._run(step, "destroy", *options, answer=answer)

    def _run(self, step: str, command: str, *options: str, answer: str | None = None) -> None:
        assert step not in self.steps
        aws = self.harness.aws
        aws.requests.clear()
        with asked_by(DEPLOYER, self.asked):
            result = self.harness.run(command, "--stage", "prod", *options, answer=answer)
        requests = list(aws.requests)
        with closing(aws.client("cloudformation")) as client:
            stacks = {one["StackName"]: one for one in client.describe_stacks()["Stacks"]}
        template = aws.stack().template_dict if SERVICE in stacks else {}
        with closing(aws.client("dynamodb")) as dynamodb:
            names = dynamodb.list_tables()["TableNames"]
            items = dynamodb.scan(TableName="gatehouse-prod")["Items"] if "gatehouse-prod" in names else []
        self.steps[step] = Step(result, requests, stacks, template, items)


def first_deploy(life: Life) -> None:
    aws = life.harness.aws
    aws.script.refuses = "A change set that fails."
    life.deploy("a refused change set")
    aws.script.refuses = ""
    life.deploy("a dry run of all", "--dry-run")
    aws.script.fails["UsersTable"] = "Limit of tables."
    life.deploy("no table")
    with closing(aws.client("cloudformation")) as client:  # as an interrupted deploy leaves it
        client.create_change_set(
            StackName=DATA, ChangeSetName="left", ChangeSetType="CREATE", TemplateBody='{"Resources": {}}'
        )
    aws.script.fails = {"Bearer": "Quota of functions exceeded."}
    life.deploy("no authorizer")
    aws.script.fails.clear()
    aws.refuse["DynamoDB_20120810.TransactWriteItems"] = "AccessDeniedException"
    life.deploy("the first")
    aws.refuse.clear()
    life.deploy("a dry run of nothing", "--dry-run")
    life.deploy("no change, but an issuer to record")
    life.deploy("no change")
    aws.stack(DATA).enable_termination_protection = False
    life.deploy("no change, but a protection that is off")
    life.deploy("a rollback to nothing", "--rollback")


def changes(life: Life) -> None:
    aws, harness = life.harness.aws, life.harness
    life.deploy("another retention of logs", LogRetentionDays="90")
    with pytest.MonkeyPatch.context() as patch:
        lossy = data_template(PROJECT, "prod")
        lossy["Resources"]["UsersTable"]["Properties"]["TableName"] = "another"
        patch.setattr("infra.deploy.deployer.data_template", lambda *_: lossy)
        life.deploy("another table", "--yes")
    life.deploy("another endpoint type", EndpointType="REGIONAL")
    life.deploy("a dry run of a change", "--dry-run", MaxSessions="5")
    aws.script.fails["APIHandler"] = "The role cannot be assumed"
    life.deploy("a failed update", MaxSessions="5")
    aws.script.fails.clear()
    harness.is_right = False
    life.deploy("a change that is not as it should be", "--tag", "team=auth", MaxSessions="5")
    changed = json.loads(json.dumps(document()))
    changed["Resources"]["TokenReuseAlarm"]["Properties"]["Period"] = 60
    harness.template = lambda *_: changed
    domain = {"DomainName": "auth.example.com", "DomainCertificateArn": CERTIFICATE}
    life.deploy("public keys and a domain", "--no-check", SigningAlgorithm="ES256", **domain)
    harness.is_right = True
    life.deploy("public keys are gone too early", AsymmetricKeys="none")
    with closing(aws.client("secretsmanager")) as secrets:
        pending = secrets.put_secret_value(SecretId=SECRET, SecretString="{}", VersionStages=["AWSPENDING"])
        life.deploy("a rotation in a rotation", KeyRotationDays="7")
        secrets.update_secret_version_stage(
            SecretId=SECRET, VersionStage="AWSPENDING", RemoveFromVersionId=pending["VersionId"]
        )
    life.deploy("a rollback without an answer", "--rollback")
    life._run("a rollback that is not confirmed", "deploy", "--rollback", answer="y\nn\n")
    life._run("a rollback", "deploy", "--rollback", answer="y\ny\n")
    life.deploy("a rollback of the rollback", "--rollback")


def the_end(life: Life) -> None:
    aws = life.harness.aws
    aws.script.delete_fails["ApiHandlerRole"] = "Must detach all policies first."
    life.destroy("a failed deletion", "--yes")
    aws.script.delete_fails.clear()
    aws.refuse["DeleteStack"] = "ValidationError"
    life.destroy("a deletion of a busy stack", "--yes")
    aws.refuse.clear()
    with closing(aws.client("dynamodb")) as dynamodb:
        dynamodb.put_item(TableName="gatehouse-prod", Item=ITEM)
    life.destroy("the service is deleted", answer="y\n")
    life.destroy("and again", "--yes")
    life.deploy("the service is deployed again")
    with closing(aws.client("cloudformation")) as client:  # as somebody does who lifts the protection
        client.delete_stack(StackName=SERVICE)
        client.delete_stack(StackName=DATA)
    life.deploy("a dry run of an import", "--dry-run")
    life.deploy("an import")
    life.destroy("a deletion of data that is not confirmed", "--delete-data", DATA, answer="n\n")
    life.destroy("data is deleted", "--yes", "--delete-data", DATA)
    life.destroy("data is deleted again", "--yes", "--delete-data", DATA)
