"""Where a deploy goes is checked before anything is built."""

from __future__ import annotations

import pytest

from tests.infra.deploy.conftest import DeployHarness, refusal

UNUSABLE = "AWS cannot be used with the configuration of this machine: "


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "No AWS credentials were found: run "),
        ({"AWS_DEFAULT_REGION": None}, "No AWS region is configured: give --region, or set AWS_REGION."),
        ({"AWS_PROFILE": "nobody"}, f"{UNUSABLE}The config profile "),
        ({"AWS_SECRET_ACCESS_KEY": None}, f"{UNUSABLE}Partial "),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, f"{UNUSABLE}Could not connect"),
    ],
)
def test_a_machine_that_is_not_set_up_for_aws(
    harness: DeployHarness, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str | None], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    assert refusal(harness.deploy()).startswith(sentence)
    assert refusal(harness.destroy()).startswith(sentence)


@pytest.mark.parametrize(
    ("call", "code", "sentence"),
    [
        ("GetCallerIdentity", "ExpiredToken", "The AWS credentials have expired: sign in again"),
        ("GetCallerIdentity", "InvalidClientTokenId", "AWS does not accept these credentials: "),
        ("GetCallerIdentity", "<html>", "Unable to parse response"),
        ("CreateChangeSet", "AccessDenied", "AWS refused (AccessDenied): No; docs/policies.md says"),
    ],
)
def test_what_aws_refuses_is_told(harness: DeployHarness, call: str, code: str, sentence: str) -> None:
    harness.aws.refuse[call] = code
    harness.aws.refuse_status = 200 if code == "<html>" else 403
    assert refusal(harness.deploy()).startswith(sentence)


def test_a_name_that_no_stage_has(harness: DeployHarness) -> None:
    for stage in ("", "Prod", "9", "a-very-long-name-", "p_rod", "prod\n", "\u00fcnder", "prod-data"):
        assert "stage" in refusal(harness.deploy(stage=stage))
    assert refusal(harness.deploy(stage="local")).startswith("`local` is the stack of this machine")
    assert harness.aws.calls == []


@pytest.mark.parametrize(
    "options",
    [
        ["--parameter", "MaxSessions"],
        ["--parameter", "MaxSessions=1", "--parameter", "MaxSessions=2"],
        ["--tag", "team"],
    ],
)
def test_what_makes_no_sense_is_told_with_the_usage(harness: DeployHarness, options: list[str]) -> None:
    assert harness.deploy(*options).exit_code == 2
    assert harness.aws.calls == []
