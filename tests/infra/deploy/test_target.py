"""Stage, credentials and region are checked before anything is built."""

from __future__ import annotations

import pytest

from tests.infra.deploy.conftest import DeployHarness, refusal


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("AWS_ACCESS_KEY_ID", "", "There are no AWS credentials here"),
        ("AWS_DEFAULT_REGION", "", "No AWS region is set: name one with --region, or set AWS_REGION."),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "AWS cannot be reached"),
    ],
)
def test_a_machine_that_is_not_set_up_for_aws(
    harness: DeployHarness, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value) if value else monkeypatch.delenv(variable)
    assert refusal(harness.deploy()).startswith(sentence)
    assert refusal(harness.destroy()).startswith(sentence)


@pytest.mark.parametrize(
    ("call", "code", "sentence"),
    [
        ("GetCallerIdentity", "ExpiredToken", "AWS rejects the credentials (ExpiredToken)"),
        ("GetCallerIdentity", "<html>", "Unable to parse response"),
        ("DescribeStacks", "AccessDenied", "AWS refused (AccessDenied): No; docs/policies.md says"),
    ],
)
def test_an_error_of_aws_is_one_message(harness: DeployHarness, call: str, code: str, sentence: str) -> None:
    harness.aws.refuse[call] = code
    harness.aws.refuse_status = 200 if code == "<html>" else 403
    assert refusal(harness.deploy()).startswith(sentence)


def test_a_name_that_no_stage_has(harness: DeployHarness) -> None:
    for stage in ("", "Prod", "9", "a-very-long-name-", "p_rod", "prod\n", "\u00fcnder", "prod-data"):
        assert "cannot name a stage, as in `make deploy STAGE=prod`" in refusal(harness.deploy(stage=stage))
    assert refusal(harness.deploy(stage="local")).startswith("`local` is the stack of this machine")
    assert harness.aws.calls == []


@pytest.mark.parametrize(
    "options",
    [
        ["--parameter", "MaxSessions"],
        ["--parameter", "MaxSessions=1", "--parameter", "MaxSessions=2"],
        ["--tag", "team"],
        ["--rollback", "--parameter", "MaxSessions=5"],
    ],
)
def test_options_that_make_no_sense_are_refused_with_the_usage(
    harness: DeployHarness, options: list[str]
) -> None:
    assert harness.deploy(*options).exit_code == 2
    assert harness.aws.calls == []
