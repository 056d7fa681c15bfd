"""The check after a deploy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from infra.verify import look as module
from infra.verify.look import Deployed, look
from infra.verify.settings import Verification


@dataclass(frozen=True)
class FakeDeployment:
    api_url: str = "https://auth.example.com"


@pytest.mark.parametrize("failing", ["", "ready", "settings", "smoke"])
@pytest.mark.parametrize("outputs", [{}, {"AwsURL": "https://a1.execute-api"}])
def test_every_part_runs_and_has_to_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: str, outputs: dict[str, str]
) -> None:
    ran: list[tuple[str, Any]] = []

    def part(name: str, subject: Any) -> bool:
        ran.append((name, subject))
        return name != failing

    monkeypatch.setattr(module, "open_deployment", lambda *_: FakeDeployment())
    monkeypatch.setattr(module, "wait_until_ready", lambda url, *_: part("ready", url))
    monkeypatch.setattr(Verification, "passes", lambda one: part("settings", one.stage))
    monkeypatch.setattr(module, "smoke", lambda one, profile: part("smoke", (one.api_url, profile)))
    assert look(Deployed("prod", "eu-west-1", {}, outputs, lambda _: None), "tester") is (failing == "")
    # A new domain leads nowhere until its record exists, so AWS's own address is checked if it answers.
    url = outputs.get("AwsURL", "https://auth.example.com")
    assert ran == [("ready", url), ("settings", "prod"), ("smoke", (url, "tester"))]
    assert (f"{url} does not answer as it should yet." in capsys.readouterr().out) == (failing == "ready")
