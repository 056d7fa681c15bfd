"""SIGN_UP and SIGN_UP_DOMAINS."""

from __future__ import annotations

import pytest

from chalicelib.services import override_services
from tests.api.events import REGION, Gateway
from tests.api.json_requests import NEW_PASSWORD, ask, post
from tests.fakes import FakeAdapters, fake_services

NEW = "new@example.com"


def verify(gateway: Gateway, verification: str, code: str) -> int:
    return post(
        gateway, "/accounts/verify", verification=verification, code=code, password=NEW_PASSWORD
    ).status


@pytest.mark.parametrize("mode", ["invited", "off"])
def test_sign_up_can_be_switched_off(adapters: FakeAdapters, mode: str) -> None:
    services = fake_services(adapters, aws_region=REGION, sign_up=mode)
    with override_services(services):
        gateway = Gateway(services)
        for path, body in {
            "/accounts": {"email": NEW},
            "/accounts/verify": {"verification": "ghv_x", "code": "00000000", "password": NEW_PASSWORD},
            "/accounts/resend": {"verification": "ghv_x"},
        }.items():
            assert post(gateway, path, **body).error == (403, "access_denied")


def test_addresses_of_other_domains_are_answered_alike_and_never_sign_up(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, aws_region=REGION, sign_up_domains="example.com, Example.org")
    with override_services(services):
        gateway = Gateway(services)
        for email, expected in {
            "a@example.com": 200,
            "a@EXAMPLE.org": 200,
            "a@example.net": 400,
            "a@sub.example.com": 400,
        }.items():
            verification, code = ask(gateway, "/accounts", email=email)
            assert verify(gateway, verification, code) == expected
