"""Each function of the package answers what AWS sends it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
import requests

from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import message_body
from infra.operate.api_client import altered
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.conftest import Start
from tests.infra.lambda_runtime.function import Unpacked
from tests.infra.lambda_runtime.runtime_api import FunctionError
from tests.mail_requests import CODE, mail_request

API, AUTHORIZER, ROTATION, MAIL = (
    "app.app",
    "chalicelib.api.authorizer.bearer",
    "chalicelib.api.key_rotation.rotate",
    "chalicelib.api.mail.mail",
)


def signed_in(stage: LocalDeployment, start: Start) -> dict[str, Any]:
    answer = start(API)(events.sign_in(stage.account(), PASSWORD))
    assert answer["statusCode"] == 200, answer
    tokens: dict[str, Any] = json.loads(answer["body"])
    return tokens


def test_a_sign_in_an_authorization_and_a_call(stage: LocalDeployment, start: Start) -> None:
    token = signed_in(stage, start)["access_token"]
    allowed = start(AUTHORIZER)(events.authorization(f"Bearer {token}"))
    assert allowed["context"]["iss"] == events.ISSUER
    (statement,) = allowed["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"].endswith(f":{events.API_ID}/{events.STAGE}/*/*")
    context = events.handed_on(allowed["context"])
    answer = start(API)(events.proxied("GET", "/me", authorizer=context))
    assert answer["statusCode"] == 200
    me = json.loads(answer["body"])
    assert me["session"]["country"] == "DE"
    assert me["id"] == allowed["principalId"]


def test_a_refusal_of_the_authorizer(stage: LocalDeployment, start: Start) -> None:
    token = altered(signed_in(stage, start)["access_token"])
    denied = start(AUTHORIZER)(events.authorization(f"Bearer {token}"))
    assert denied["policyDocument"]["Statement"][0]["Effect"] == "Deny"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (events.proxied("GET", "/health"), 200),
        (events.proxied("GET", "/oauth/token"), 405),
        (
            events.proxied(
                "POST", "/oauth/token", body="grant_type=x", headers={"Content-Type": events.FORM}
            ),
            400,
        ),
        (events.proxied("GET", "/me"), 500),
    ],
)
def test_the_other_answers(start: Start, event: dict[str, Any], status: int) -> None:
    """The last one is a route whose authorizer was forgotten: it opens nothing."""
    assert start(API)(event)["statusCode"] == status


def test_a_rotation(stage: LocalDeployment, start: Start) -> None:
    before, version = signed_in(stage, start)["access_token"], str(uuid.uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        assert start(ROTATION)(events.rotation(step, version, stage.stack.signing_secret_id)) is None
    assert "AWSCURRENT" in stage.services.adapters.key_versions.labels()[version]
    allowed = start(AUTHORIZER)(events.authorization(f"Bearer {before}"))
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"


def test_a_mail(stage: LocalDeployment, start: Start) -> None:
    """The texts are in the package, and what a message asks for is sent."""
    request = mail_request(
        MailKind.SIGN_UP, address="new@example.com", language="de", created_at=int(time.time())
    )
    records = [{"messageId": "good", "body": message_body(request)}, {"messageId": "bad", "body": "{"}]
    left = start(MAIL)({"Records": records})
    assert left == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    inbox = requests.get(f"{stage.url}/_local/inbox.json", timeout=10).json()
    assert (inbox[0]["to"], inbox[0]["code"]) == ("new@example.com", CODE)
    assert inbox[0]["subject"] == "Bestätigen Sie Ihre E-Mail-Adresse für Gatehouse"
    assert CODE not in start(MAIL).said()


def test_a_step_that_fails_tells_secrets_manager_and_the_next_one_goes_on(
    stage: LocalDeployment, start: Start
) -> None:
    secret_id, version = stage.stack.signing_secret_id, str(uuid.uuid4())
    with pytest.raises(FunctionError) as told:
        # Not a step for a version that nobody can see: that one waits for reads of the secret to catch up.
        start(ROTATION)(events.rotation("noSuchStep", version, secret_id))
    assert told.value.type == "KeyError"
    assert start(ROTATION)(events.rotation("setSecret", version, secret_id)) is None


def test_no_token_and_no_password_in_the_logs(stage: LocalDeployment, start: Start) -> None:
    tokens = signed_in(stage, start)
    start(AUTHORIZER)(events.authorization(f"Bearer {tokens['access_token']}"))
    for handler in (API, AUTHORIZER):
        said = start(handler).said()
        assert '"_aws"' in said, "metrics in CloudWatch's own format"
        assert not [word for word in (PASSWORD, "eyJ", "ghr_", "$2b$") if word in said]


def test_nothing_is_written_where_nothing_can_be(
    package: Unpacked, stage: LocalDeployment, start: Start
) -> None:
    """Not even by root, whom a read-only folder does not stop: the byte code is all there, and is used."""
    before = package.files()
    test_a_sign_in_an_authorization_and_a_call(stage, start)
    assert package.files() == before


def test_a_missing_handler_is_an_init_error(start: Start) -> None:
    with pytest.raises(FunctionError, match="Unable to import module 'no'"):
        start("no.handler")
