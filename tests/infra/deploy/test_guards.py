"""Changes that would not end well are refused before anything is begun."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.deploy import guards
from infra.deploy.change_set import Change
from infra.deploy.options import PROJECT
from infra.deploy.refusal import Refused
from infra.template.build import data_template
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.template.test_template_options import WEB_ACL

Document = dict[str, Any]
SCHEDULE = Change("Modify", "SigningSecretRotation", "AWS::SecretsManager::RotationSchedule", "False", ())
NOW = 1_800_000_000.0


def rename_the_table(document: Document) -> None:
    document["Resources"]["UsersTable"]["Properties"]["TableName"] = "another"


def change_the_keys(document: Document) -> None:
    document["Resources"]["UsersTable"]["Properties"]["KeySchema"].pop()


def remove_the_table(document: Document) -> None:
    del document["Resources"]["UsersTable"]
    del document["Outputs"]["UsersTableName"]


def rename_the_secret(document: Document) -> None:
    document["Resources"]["SigningSecret"]["Properties"]["Name"] = "another"


def generate_another_key(document: Document) -> None:
    document["Resources"]["SigningSecret"]["Properties"]["GenerateSecretString"]["PasswordLength"] = 128


@pytest.mark.parametrize(
    ("change", "resource", "loss"),
    [
        (rename_the_table, "UsersTable", "be replaced or given up"),
        (change_the_keys, "UsersTable", "be replaced or given up"),
        (remove_the_table, "UsersTable", "be replaced or given up"),
        (rename_the_secret, "SigningSecret", "be replaced or given up"),
        (generate_another_key, "SigningSecret", "get a new value, which voids every token"),
    ],
)
def test_a_loss_of_data_is_refused(
    deployed: DeployHarness,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Document], None],
    resource: str,
    loss: str,
) -> None:
    document = data_template(PROJECT, "prod")
    change(document)
    monkeypatch.setattr("infra.deploy.deployer.data_template", lambda *_: json.loads(json.dumps(document)))
    assert refusal(deployed.deploy("--yes")).startswith(f"{resource} would {loss}. Nothing was changed")
    assert "ExecuteChangeSet" not in deployed.aws.calls
    assert "DeleteChangeSet" in deployed.aws.calls


def test_the_loss_of_an_address_is_asked_about(harness: DeployHarness) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
    harness.deploy("--parameter", "DomainName=auth.example.com", "--parameter", f"DomainCertificateArn={arn}")
    harness.aws.calls.clear()
    without = "--parameter", "DomainName="
    assert refusal(harness.deploy(*without, answer="n\n")) == "Nothing was changed."
    assert refusal(harness.deploy(*without, answer="")).startswith("Nobody answered")
    result = harness.deploy("--dry-run", *without)
    assert "Apps would lose their address: CustomDomain would be replaced or removed." in result.output
    assert "ExecuteChangeSet" not in harness.aws.calls
    assert harness.deploy(*without, answer="y\n").exit_code == 0
    assert "CustomDomainTarget" not in harness.aws.outputs()


def test_an_endpoint_type_is_not_changed_in_one_step(deployed: DeployHarness) -> None:
    sentence = refusal(deployed.deploy("--parameter", "EndpointType=REGIONAL"))
    assert sentence.startswith("EndpointType cannot go from EDGE to REGIONAL in one step; docs/deploy.md")
    assert "\n## Another endpoint type\n" in (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "CreateChangeSet" not in deployed.aws.calls


def test_a_web_acl_is_replaced_in_two_steps(deployed: DeployHarness) -> None:
    other = WEB_ACL.replace("/gate/", "/other/")
    assert deployed.deploy("--parameter", f"WebAclArn={WEB_ACL}").exit_code == 0
    sentence = refusal(deployed.deploy("--parameter", f"WebAclArn={other}"))
    assert "--parameter WebAclArn= --parameter AddressRateLimit=0 first" in sentence
    assert deployed.deploy("--parameter", "WebAclArn=").exit_code == 0
    assert deployed.deploy("--parameter", f"WebAclArn={other}").exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        ({"WebAclArn": WEB_ACL}, {"WebAclArn": "", "AddressRateLimit": "300"}, True),
        ({"AddressRateLimit": "300"}, {"WebAclArn": WEB_ACL, "AddressRateLimit": "0"}, True),
        ({"AddressRateLimit": "300"}, {"WebAclArn": "", "AddressRateLimit": "2000"}, False),
        ({"AddressRateLimit": "300"}, {"WebAclArn": "", "AddressRateLimit": "0"}, False),
    ],
)
def test_the_stack_s_own_web_acl_is_one_too(
    before: dict[str, str], after: dict[str, str], *, is_refused: bool
) -> None:
    with pytest.raises(Refused, match="in two steps only") if is_refused else nullcontext():
        guards.check_values({"EndpointType": "EDGE", **before}, {"EndpointType": "EDGE", **after})


def test_a_changed_schedule_waits_for_an_unfinished_rotation(deployed: DeployHarness) -> None:
    version = "11111111-2222-3333-4444-555555555555"
    with closing(deployed.aws.client("secretsmanager")) as secrets:
        secrets.put_secret_value(
            SecretId="gatehouse-prod/signing-key",
            SecretString="{}",
            ClientRequestToken=version,
            VersionStages=["AWSPENDING"],
        )
        sentence = refusal(deployed.deploy("--parameter", "KeyRotationDays=7"))
        assert f"is unfinished (version {version})" in sentence
        command = sentence.rpartition("aws secretsmanager update-secret-version-stage ")[2].split()
        assert command[1::2] == ["gatehouse-prod/signing-key", "AWSPENDING", version]
        assert "ExecuteChangeSet" not in deployed.aws.calls
        # Nothing else is held up by it.
        assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 0
        secrets.update_secret_version_stage(
            SecretId="gatehouse-prod/signing-key", VersionStage="AWSPENDING", RemoveFromVersionId=version
        )
    assert deployed.deploy("--parameter", "KeyRotationDays=7").exit_code == 0


@pytest.mark.parametrize(
    ("age", "action", "waits"), [(3599, "Modify", True), (3600, "Modify", False), (1, "Add", False)]
)
def test_a_key_is_not_rotated_twice_while_a_token_lives(age: int, action: str, *, waits: bool) -> None:
    change = Change(action, SCHEDULE.resource, SCHEDULE.kind, "False", ())
    secret = {"Name": "s", "LastRotatedDate": datetime.fromtimestamp(NOW - age, UTC)}
    with pytest.raises(Refused, match="Deploy after 2027-01-15 08:00 UTC") if waits else nullcontext():
        guards.check_rotation([change], secret, 3600, NOW)


def test_a_rotation_that_has_finished_is_no_obstacle() -> None:
    """Secrets Manager leaves AWSPENDING on the version that it has made current."""
    secret = {"Name": "s", "VersionIdsToStages": {"v": ["AWSCURRENT", "AWSPENDING"], "u": ["AWSPREVIOUS"]}}
    guards.check_rotation([SCHEDULE], secret, 3600, NOW)
