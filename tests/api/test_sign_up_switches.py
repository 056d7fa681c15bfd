"""SIGN_UP and SIGN_UP_DOMAINS."""

from __future__ import annotations

import pytest

from chalicelib.services import override_services
from tests.api.account_flows import signed_in
from tests.api.events import REGION, Gateway
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, post
from tests.fakes import FakeAdapters, fake_services
from tests.oauth.actors import EMAIL, PASSWORD

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


@pytest.mark.parametrize("mode", ["invited", "off"])
def test_a_code_of_a_reset_or_a_change_of_address_is_mailed_again_with_sign_up_off(
    adapters: FakeAdapters, mode: str
) -> None:
    services = fake_services(adapters, aws_region=REGION, sign_up=mode)
    with override_services(services):
        gateway = Gateway(services)
        token = signed_in(gateway)
        change = as_user(gateway, "POST", "/me/email", token, email=NEW, current_password=PASSWORD)
        for verification in (
            ask(gateway, "/password/forgot", email=EMAIL)[0],
            ask(gateway, "/password/forgot", email="nobody@example.com")[0],
            change.json["verification"],
        ):
            assert post(gateway, "/accounts/resend", verification=verification).status == 202


@pytest.mark.parametrize("mode", ["invited", "off"])
def test_a_sign_up_from_before_is_neither_mailed_again_nor_completed(
    adapters: FakeAdapters, mode: str
) -> None:
    services = fake_services(adapters, aws_region=REGION)
    with override_services(services):
        verification, code = ask(Gateway(services), "/accounts", email=NEW)
    services = fake_services(adapters, aws_region=REGION, sign_up=mode)
    with override_services(services):
        gateway = Gateway(services)
        assert post(gateway, "/accounts/resend", verification=verification).error == (403, "access_denied")
        assert verify(gateway, verification, code) == 403


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
