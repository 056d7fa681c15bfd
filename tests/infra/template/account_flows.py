"""Every way through the accounts of people: sign-up, reset, and what they change of their own."""

from __future__ import annotations

import json
from typing import Any

import boto3

from infra.local.gateway.messages import Response
from tests.infra.template.api_key_flows import api_key_flows
from tests.infra.template.recorded import FunctionHarness

PASSWORD, OTHER = "open the gate, please", "a tin of green paint"
EVE, NEW = "eve@example.com", "eve@example.org"


def account_flows(stage: FunctionHarness) -> None:
    """Drive them all."""
    _sign_up(stage)
    _reset(stage)
    _change_password(stage)
    _change_names(stage)
    api_key_flows(stage, NEW)
    _data(stage)
    _delete(stage)


def _sign_up(stage: FunctionHarness) -> None:
    asked = _post(stage, "/accounts", email=EVE)
    resent = _post(stage, "/accounts/resend", verification=json.loads(asked.body)["verification"])
    assert (asked.status, resent.status) == (202, 202)
    body = {"verification": json.loads(resent.body)["verification"], "code": _code(stage)}
    assert _post(stage, "/accounts/verify", **body, password=EVE).status == 400
    assert _post(stage, "/accounts/verify", **{**body, "code": "x"}, password=PASSWORD).status == 400
    assert _post(stage, "/accounts/verify", **body, password=PASSWORD).status == 200


def _reset(stage: FunctionHarness) -> None:
    signed_in = stage.sign_in(EVE)
    asked = _post(stage, "/password/forgot", email=EVE, device_key=signed_in["device_key"])
    body = {"verification": json.loads(asked.body)["verification"], "code": _code(stage)}
    assert _post(stage, "/password/reset", **body, new_password=OTHER).status == 200


def _change_password(stage: FunctionHarness) -> None:
    stage.sign_in(EVE, OTHER)
    token = stage.sign_in(EVE, OTHER)["access_token"]
    body = {"current_password": OTHER, "new_password": PASSWORD}
    assert _post(stage, "/me/password", token, **body).status == 204
    for _ in range(11):
        answer = _post(stage, "/me/password", token, **body)
    assert answer.status == 429


def _change_names(stage: FunctionHarness) -> None:
    token = stage.sign_in(EVE)["access_token"]
    for name, status in (("first", 200), ("ada.l", 200), ("Ada.L", 200), (None, 200)):
        assert stage.ask("PATCH", "/me", token, body={"username": name}).status == status
    asked = _post(stage, "/me/email", token, email=NEW, current_password=PASSWORD)
    body = {"verification": json.loads(asked.body)["verification"], "code": _code(stage)}
    assert _post(stage, "/me/email/verify", token, **body).status == 204


def _data(stage: FunctionHarness) -> None:
    token = stage.sign_in(NEW)["access_token"]
    read = stage.ask("GET", "/me/profile", token)
    assert read.status == 200
    for status in (200, 412):
        answer = stage.ask("PUT", "/me/profile", token, body={"n": 1}, if_match=dict(read.headers)["ETag"])
        assert answer.status == status
    assert stage.ask("GET", "/me/export", token).status == 200


def _delete(stage: FunctionHarness) -> None:
    stage.sign_in(NEW)
    stage.sign_in(NEW)
    token = stage.sign_in(NEW)["access_token"]
    assert stage.ask("PATCH", "/me", token, body={"username": "last"}).status == 200
    assert _post(stage, "/me/delete", token, current_password=PASSWORD).status == 204


def _post(stage: FunctionHarness, path: str, token: str = "", **body: Any) -> Response:
    return stage.ask("POST", path, token, body=body)


def _code(stage: FunctionHarness) -> str:
    """Return the code that was queued last, and empty the queue."""
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = stage.services_of["APIHandler"].settings.mail_queue_url
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for one in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    codes = [body["code"] for body in (json.loads(one["Body"]) for one in messages) if body["code"]]
    return str(codes[-1])
