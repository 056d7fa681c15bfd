"""Commands on machines that lack something: none stops for a name, and none fails after its work."""

from __future__ import annotations

import codecs
import getpass
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError
from click.testing import CliRunner

from chalicelib.domain.errors import Unavailable
from infra.__main__ import main
from infra.operate.cli import sentence
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged

URL = "https://sts.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture(
    params=[KeyError("getpwuid(): uid not found: 4711"), OSError("No username set in the environment")]
)
def nameless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run under a uid that has no entry; Python 3.13 raises the other error."""

    def fail() -> str:
        raise request.param

    monkeypatch.setattr(getpass, "getuser", fail)


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have STS refuse to say who this is."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refusing(client: Any, operation: str, params: Any) -> Any:
        if operation == "GetCallerIdentity":
            raise aws.EndpointConnectionError(endpoint_url=URL)
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", refusing)


@pytest.mark.usefixtures("nameless", "unknown")
def test_a_machine_without_names_rotates_and_declares_a_breach(stage: LocalDeployment) -> None:
    rotated = stage.operate("keys", "rotate")
    assert (rotated.exit_code, rotated.exception) == (0, None)
    breach = stage.operate("breach", "--yes", "--report", "report.json")
    assert (breach.exit_code, breach.exception) == (0, None)
    operator = json.loads((stage.folder / "report.json").read_text())["operator"]
    assert re.fullmatch(r"unknown AWS identity \(EndpointConnectionError\) \(uid \d+\)", operator)


@pytest.mark.usefixtures("nameless", "unknown")
def test_a_change_by_somebody_unknown_is_made_and_kept(stage: LocalDeployment) -> None:
    email = stage.account()
    assert stage.operate("users", "disable", email).exit_code == 0
    shown = stage.operate("users", "show", email).stdout
    assert "account_disabled, by unknown AWS identity (EndpointConnectionError)\n" in shown


def test_the_trail_of_an_account_is_shown_and_outlives_it(stage: LocalDeployment) -> None:
    created = stage.operate(
        "users", "create", "--email", "trail@example.com", "--password-stdin", stdin=PASSWORD
    )
    user_id = created.stdout.split()[-1].rstrip(".")
    stage.operate("users", "permit", user_id, "--grant", "users:write")
    stage.operate("users", "disable", user_id)
    lines = stage.operate("users", "show", user_id, "--changes", "2").stdout.splitlines()
    assert sum(", by arn:aws:" in line for line in lines) == 2
    stage.operate("users", "delete", user_id, "--yes")
    gone = stage.operate("users", "show", user_id)
    assert gone.exit_code == 0
    kinds = {line.partition("  ")[2].partition(", by arn:aws:")[0] for line in gone.stdout.splitlines()[1:]}
    granted = "permissions_changed, granted users:write"
    assert kinds == {"account_created", granted, "account_disabled", "account_deleted"}
    assert gone.stdout.startswith(f"There is no account {user_id} any more.\n")
    assert "trail@" not in gone.stdout


def test_a_log_line_of_each_change_goes_to_standard_error(stage: LocalDeployment) -> None:
    email = stage.account()
    said = stage.operate("users", "permit", email, "--grant", "a")
    (line,) = [json.loads(line) for line in said.stderr.splitlines()]
    assert (line["message"], line["change"], line["granted"]) == (
        "account_changed",
        "permissions_changed",
        "a",
    )
    assert line["actor"].startswith("arn:aws:")


def test_an_id_is_taken_for_the_account_that_has_it(stage: LocalDeployment) -> None:
    email = stage.account()
    user_id = stage.operate("users", "show", email).stdout.split()[1]
    refused = stage.operate(
        "users",
        "create",
        "--email",
        "b@example.com",
        "--username",
        user_id,
        "--password-stdin",
        stdin=PASSWORD,
    )
    assert refused.stderr == "Error: The user name must not have the form of an id.\n"
    assert f"email        {email}\n" in stage.operate("users", "show", user_id.upper()).stdout


@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
def test_a_byte_order_mark_is_none_of_a_password(stage: LocalDeployment, bom: bytes) -> None:
    email = f"bom{len(bom)}@example.com"
    arguments = ("users", "create", "--email", email, "--password-stdin")
    assert stage.operate(*arguments, stdin=bom + PASSWORD.encode() + b"\r\n").exit_code == 0
    assert stage.visitor(email).sign_in().status_code == 200


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("password", [PASSWORD, "пароль из многих букв"])
def test_a_password_of_another_encoding_is_refused(
    stage: LocalDeployment, encoding: str, password: str
) -> None:
    arguments = ("users", "create", "--email", "utf16@example.com", "--password-stdin")
    refused = stage.operate(*arguments, stdin=password.encode(encoding))
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: The password on standard input is ")
    assert refused.stderr.count("\n") == 1
    assert stage.operate("users", "show", "utf16@example.com").exit_code == 1


def client_error(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "way_out"),
    [
        (aws.NoCredentialsError(), "`aws configure`"),
        (aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "AWS_PROFILE"),
        (aws.ProfileNotFound(profile="gone"), "`aws configure list-profiles`"),
        (aws.NoRegionError(), "--region"),
        (aws.UnauthorizedSSOTokenError(), "`aws sso login`"),
        (aws.TokenRetrievalError(provider="sso", error_msg="expired"), "`aws sso login`"),
        (aws.EndpointConnectionError(endpoint_url=URL), "the network"),
        (aws.ConnectTimeoutError(endpoint_url=URL), "the network"),
        (aws.ReadTimeoutError(endpoint_url=URL), "the network"),
        (client_error("ExpiredToken"), "`aws sso login`"),
        (client_error("UnrecognizedClientException"), "`aws configure`"),
        (client_error("AccessDenied", "User: x is\nnot authorized."), "docs/policies.md"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_aws_refuses_is_one_sentence_with_the_way_out(
    error: BotoCoreError | ClientError, way_out: str
) -> None:
    said = sentence(error)
    assert way_out in said
    assert said.endswith(".")
    assert "\n" not in said
    outage = Unavailable("aws x")
    outage.__cause__ = error
    assert sentence(outage) == said


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_REGION": "eu-west-1"}, "There are no AWS credentials here"),
        ({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}, "No AWS region is set"),
        ({"AWS_PROFILE": "gone"}, "The config profile (gone) could not be found: set AWS_PROFILE"),
    ],
)
@pytest.mark.parametrize("command", ["keys status", "users show a@example.com", "breach --dry-run", "smoke"])
def test_a_stage_on_aws_without_what_leads_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str, command: str
) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    nothing = str(tmp_path / "nothing")
    more = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
    }
    for name, value in (environment | more).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, [*command.split(), "--stage", "prod"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {said}")
    assert result.stderr.count("\n") == 1
