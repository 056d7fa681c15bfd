"""The authorizer where nothing can be decided, and where somebody tests it by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api import authorizer
from chalicelib.domain.errors import TooManyUnknownKeys
from chalicelib.services import override_services
from tests.api.events import STAGE, Gateway, authorize
from tests.api.test_authorizer import ARN, effect, token
from tests.written import Written

__all__ = ["token"]


@pytest.mark.parametrize("stage", ["null", "test-invoke-stage", "ESTestInvoke-stage"])
def test_a_test_from_the_console_or_the_command_line_is_about_the_deployed_stage(
    gateway: Gateway, token: str, stage: str
) -> None:
    """They put a word of their own where the stage is."""
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {token}",
        "methodArn": ARN.replace(f"/{STAGE}/", f"/{stage}/"),
    }
    services = replace(gateway.services, settings=replace(gateway.services.settings, stage=STAGE))
    with override_services(services):
        assert effect(authorizer.bearer(event, None)) == "Allow"


def test_what_strangers_bring_about_is_no_decision_no_error_and_no_outage(
    gateway: Gateway, token: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used_up(*_: Any) -> Any:
        raise TooManyUnknownKeys("too many unknown keys")

    monkeypatch.setattr(gateway.services.adapters.keys, "for_kid", used_up)
    written.forget()
    assert authorize(f"Bearer {token}") == {"principalId": "nobody"}
    (line,) = [one for one in written.lines if one.get("message") == "undecided"]
    assert (line["level"], line["outcome"], line["reason"]) == ("INFO", "undecided", "too many unknown keys")
    counted = {name for one in written.lines for name in ("Outage", "UnknownKeys") if name in one}
    assert counted == {"UnknownKeys"}
    # A route of the API that verifies access tokens responds in the same way, and counts no outage either.
    assert gateway.form("/oauth/revoke", token=token).error == (503, "temporarily_unavailable")
    assert not [one for one in written.lines if one.get("message") == "outage" or "Outage" in one]
