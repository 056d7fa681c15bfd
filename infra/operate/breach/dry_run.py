"""`python -m infra breach --dry-run`: check the prerequisites without changing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
import requests
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import GatehouseError
from chalicelib.oauth.key_rotation import RotationRefused
from infra.operate.breach.plan import Plan, count_ended, count_ended_keys, make_plan
from infra.operate.breach.report import check_writable
from infra.operate.cli import sentence
from infra.operate.deployment import Deployment
from infra.operate.temporary_account import TIMEOUT_SECONDS
from infra.operate.terminal import say

_FAILURES = (GatehouseError, RotationRefused, BotoCoreError, ClientError, requests.RequestException, OSError)


@dataclass
class DryRun:
    """Reports each prerequisite of a breach, and what the command would do.

    `report` is the file given for the report, or None; `api_keys` says whether API keys are to end, too.
    """

    deployment: Deployment
    report: Path | None
    api_keys: bool = False

    def run(self) -> None:
        """Check all prerequisites. Raises ClickException if one is missing."""
        say(f"Dry run on stage {self.deployment.stage}; nothing is changed.")
        services = self.deployment.services
        checks: dict[str, Callable[[], str]] = {
            "the AWS identity is known": self.deployment.identity,
            "the signing key can be read": lambda: f"epoch {services.key_rotation.current().epoch}",
            "the table can be read": lambda: f"epoch {services.adapters.system.state().epoch}",
            "the sessions can be counted": lambda: f"{self._would_end} would end",
            "the API answers": self._health,
            "the report can be written": self._report_file,
        }
        passed = [_passes(name, look) for name, look in checks.items()]
        if not all(passed):
            raise click.ClickException("A prerequisite is missing: see above.")
        self._say_plan()

    @cached_property
    def _plan(self) -> Plan:
        return make_plan(self.deployment)

    @cached_property
    def _would_end(self) -> int:
        return count_ended(
            self.deployment, self._plan, self._plan.epoch, self.deployment.services.adapters.clock()
        )

    @cached_property
    def _keys_would_end(self) -> int:
        return count_ended_keys(
            self.deployment, self._plan, self._plan.epoch, self.deployment.services.adapters.clock()
        )

    def _health(self) -> str:
        url = f"{self.deployment.api_url}/health"
        answer = requests.get(url, timeout=TIMEOUT_SECONDS)
        if answer.status_code != requests.codes.ok or answer.json() != {"status": "ok"}:
            raise requests.RequestException
        return url

    def _report_file(self) -> str:
        if self.report is not None:
            check_writable(self.report)
            return str(self.report)
        check_writable(Path("breach.json"))
        return "in this folder"

    def _say_plan(self) -> None:
        say(f"Would declare a breach of stage {self.deployment.stage}:")
        say(f"  1. replace the signing key by one of epoch {self._plan.epoch}, with no grace for older ones")
        keys = " and every API key that was created" if self.api_keys else ""
        say(f"  2. end every session that was begun{keys} before, in one write")
        say("  3. empty the gateway's authorizer cache, before the proof and once more after it")
        say(f"  4. prove it at {self.deployment.api_url}, and write the report")
        say(f"{self._would_end} sessions would end.")
        if self.api_keys:
            say(f"{self._keys_would_end} API keys would end.")


def _passes(name: str, look: Callable[[], str]) -> bool:
    try:
        found = look()
    except _FAILURES as error:
        say(f"  NOT OK  {name}: {_why(error)}")
        return False
    say(f"  ok      {name}: {found}")
    return True


def _why(error: Exception) -> str:
    if isinstance(error, requests.RequestException):
        return f"it returned an unexpected response ({type(error).__name__})"
    return sentence(error)
