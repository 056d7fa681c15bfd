"""Own functions on the local stack: what they use exists, and their variables are those of Lambda."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import boto3
import pytest
import requests

from chalicelib.domain.accounts.passwords import Password
from chalicelib.oauth.requests import TokenRequest
from chalicelib.services import get_services
from infra.local.own.resources import OwnResourcesError
from infra.local.stack.demo import PASSWORD
from infra.local.stack.local_stack import LocalStack
from infra.local.stack.template import Template
from tests.infra.local.own_app import fragment, opening, own_app

CALLERS = 20
MEETING = Barrier(CALLERS)
QUICK = {"BCRYPT_COST": "4"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    own = fragment(tmp_path_factory.mktemp("own"))
    app = own_app(lambda: MEETING.wait(20))
    with LocalStack(environment=QUICK, application=opening(app), own=own) as running:
        yield running


def test_twenty_callers_at_once_have_twenty_bodies(stack: LocalStack) -> None:
    def ask(number: int) -> object:
        return requests.post(f"{stack.api_url}/echo", json={"n": number}, timeout=30).json()

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(ask, range(CALLERS)))
    assert answers == [{"app": {"n": n}, "blueprint": {"n": n}, "context": True} for n in range(CALLERS)]


def test_variables_refer_to_what_exists(stack: LocalStack) -> None:
    """Plain boto3 clients work, as in Lambda."""
    assert os.environ["NOTES_TABLE"] == "gatehouse-local-notes"
    assert (os.environ["LIMIT"], os.environ["IS_LOCAL"]) == ("5", "yes")
    assert os.environ["USERS_TABLE"] == stack.users_table
    with closing(boto3.client("sqs")) as sqs:
        sqs.send_message(QueueUrl=os.environ["JOBS_QUEUE"], MessageBody="x")
    with closing(boto3.client("sns")) as sns:
        sns.publish(TopicArn=os.environ["NEWS_TOPIC"], Message="x")
    with closing(boto3.client("ssm")) as ssm:
        assert ssm.get_parameter(Name="/own/word")["Parameter"]["Value"] == "hello"
    with closing(boto3.client("secretsmanager")) as manager:
        assert len(manager.get_secret_value(SecretId=os.environ["TOKEN_ARN"])["SecretString"]) == 20
    with closing(boto3.client("s3")) as s3:
        s3.put_object(Bucket=os.environ["FILES_ARN"].rpartition(":")[2], Key="a", Body=b"b")
    with closing(boto3.client("dynamodb")) as dynamodb:
        expiry = dynamodb.describe_time_to_live(TableName="indexed")["TimeToLiveDescription"]
        table = dynamodb.describe_table(TableName="indexed")["Table"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["g"]
    assert "StreamSpecification" in table


def test_what_does_not_exist_locally_is_left_out_and_named(stack: LocalStack) -> None:
    assert "API_ID" not in os.environ
    assert stack.notices == [
        "NotificationConfiguration of Files is left out: there is no Tick on this machine.",
        "API_ID is left out: there is no RestAPI on this machine.",
    ]


def test_a_table_of_ones_own_is_used_with_the_claims(stack: LocalStack) -> None:
    get_services().create_account(
        email="writer@example.com", password=Password(PASSWORD), permissions=["notes:write"]
    )
    form = {"grant_type": "password", "username": "writer@example.com", "password": PASSWORD}
    tokens = get_services().token_endpoint(TokenRequest(form, stack.api_url, stack.api_url)).to_wire()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    url = f"{stack.api_url}/notes"
    missing = requests.post(url, json={}, headers=bearer, timeout=10)
    assert (missing.status_code, missing.json()["error_description"]) == (400, "text is missing")
    assert requests.post(url, json={"text": "milk"}, headers=bearer, timeout=10).status_code == 200
    assert requests.get(url, headers=bearer, timeout=10).json()["text"] == "milk"


def test_a_crash_shows_its_traceback_in_the_terminal_only(
    stack: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = requests.get(f"{stack.api_url}/crash", timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    out, err = capsys.readouterr()
    assert "Traceback (most recent call last)" in err
    assert "ZeroDivisionError: hunter2" in err
    assert "hunter2" not in out


def test_a_binary_answer_arrives_as_it_is(stack: LocalStack) -> None:
    answer = requests.get(f"{stack.api_url}/picture", headers={"Accept": "image/png"}, timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"\x89PNG\xff", "image/png")


def test_a_template_that_cannot_be_created_is_one_sentence(tmp_path: Path) -> None:
    own = tmp_path / "functions.yaml"
    own.write_text(json.dumps({"Resources": {"T": {"Type": "AWS::SSM::Parameter", "Condition": "No"}}}))
    with (
        pytest.raises(OwnResourcesError, match=r"^infra/functions.yaml cannot be created locally: T has"),
        LocalStack(environment=QUICK, own=own),
    ):
        raise AssertionError


def test_an_own_authorizer_has_the_rules_that_api_gateway_has_without_any() -> None:
    rules = Template.load({}).rules("partner")
    assert (rules.expression, rules.cache_seconds) == (None, 300)
