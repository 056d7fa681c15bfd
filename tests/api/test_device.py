"""What a session remembers of the device that signed in."""

from __future__ import annotations

import pytest

from chalicelib.services import override_services
from tests.api.events import REGION, Gateway
from tests.fakes import FakeAdapters, fake_services
from tests.oauth.actors import EMAIL, PASSWORD, account

CREDENTIALS = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


@pytest.mark.parametrize(
    ("changes", "country"),
    [({"endpoint_type": "EDGE"}, "CH"), ({"endpoint_type": "REGIONAL"}, ""), ({}, "")],
)
def test_a_sessions_device_is_what_the_gateway_says(changes: dict[str, str], country: str) -> None:
    """The country is CloudFront's to say: where that is not in front, callers write it themselves."""
    services = fake_services(FakeAdapters(), aws_region=REGION, **changes)
    account(services)
    sent = {"User-Agent": "App/1 " + "x" * 999, "CloudFront-Viewer-Country": "CH"}
    with override_services(services):
        Gateway(services).token(sent, **CREDENTIALS)
    (session,) = services.adapters.store.live.values()
    assert session.device.user_agent == ("App/1 " + "x" * 999)[:256]
    assert (session.device.address, session.device.country) == ("192.0.2.1", country)
