"""JSON bodies over the function: what is refused, and how it is told."""

from __future__ import annotations

import pytest

from tests.api.events import Gateway
from tests.api.json_requests import JSON, post

NEW = "new@example.com"


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ({}, "The parameter email is missing."),
        ({"email": 1}, "The parameter email must be a string."),
        ({"email": None}, "The parameter email must be a string."),
        ({"email": NEW, "password": True}, "The parameter password must be a string."),
        (
            {"email": NEW, "name": "x"},
            "The request body may only have: device_key, email, password.",
        ),
        ({"email": "no address"}, "The e-mail address is not of the form name@example.com."),
    ],
)
def test_a_malformed_request_is_told_which_parameter(
    gateway: Gateway, body: dict[str, object], description: str
) -> None:
    answer = post(gateway, "/accounts", **body)
    assert answer.error == (400, "invalid_request")
    assert answer.json["error_description"] == description


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", ""),
        ("application/json", "[]"),
        ("application/json", "null"),
        ("application/json", '{"email": "a@example.com", "email": "b@example.com"}'),
        ("application/json", '{"email": NaN}'),
        ("application/json", '{"email": "\\ud800@example.com"}'),
        ("application/json", '{"email": "\ufffd@example.com"}'),
        ("application/json", "[" * 50_000),
        ("application/json", '{"email": ' + "9" * 5_000 + "}"),
        ("application/json", '{"email": "' + "a" * 65_536 + '"}'),
        ("application/json; charset=latin-1", '{"email": "new@example.com"}'),
        ("application/x-www-form-urlencoded", "email=new@example.com"),
        ("", '{"email": "new@example.com"}'),
    ],
)
def test_what_is_no_json_object_in_utf_8_is_refused(gateway: Gateway, content_type: str, body: str) -> None:
    answer = gateway.send("POST", "/accounts", headers={"Content-Type": content_type}, body=body)
    assert answer.error == (400, "invalid_request")
    assert gateway.services.adapters.store.calls == {}


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ('{"email": "a@example.com", "email": "b@example.com"}', "The parameter email"),
        ('{"hunter2": 1, "hunter2": 2}', "A parameter of the request"),
    ],
)
def test_a_repeated_member_is_named_unless_its_name_is_the_callers_text(
    gateway: Gateway, body: str, subject: str
) -> None:
    answer = gateway.send("POST", "/accounts", headers=JSON, body=body)
    assert answer.error == (400, "invalid_request")
    assert answer.json["error_description"] == f"{subject} is repeated."


def test_a_credential_in_the_url_is_refused(gateway: Gateway) -> None:
    answer = gateway.send("POST", "/accounts", headers=JSON, body="{}", query="verification=ghv_x")
    assert answer.json["error_description"] == (
        "The parameter verification belongs in the body of the request, not in its URL."
    )


def test_a_password_is_judged_before_a_mail_is_sent(gateway: Gateway) -> None:
    answer = post(gateway, "/accounts", email="abcdefgh@example.com", password="abcdefgh@example.com")
    assert answer.error == (400, "password_contains_name")
    assert gateway.services.adapters.mail_queue.requests == []
