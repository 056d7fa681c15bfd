"""A deploy with everything real but AWS, time, and the look at the result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
from click.testing import CliRunner, Result

from infra.__main__ import main
from infra.deploy.options import DeployTools
from infra.deploy.packaging.build import build
from infra.template.build import service_template
from infra.verify.look import Deployed
from tests.infra.deploy.aws import Aws, taught_aws

# Both depend on the source alone, which does not change while tests run.
TEMPLATE = cache(service_template)
PACKAGE = cache(build)


@dataclass
class DeployHarness:
    """A terminal, and a clock that moves only when somebody sleeps."""

    aws: Aws
    now: float = 1_800_000_000.0
    checked: list[Deployed] = field(default_factory=list)
    is_right: bool = True

    def deploy(self, *options: str, stage: str = "prod", answer: str | None = None) -> Result:
        return self.run("deploy", "--stage", stage, *options, answer=answer)

    def destroy(self, *options: str, stage: str = "prod", answer: str | None = None) -> Result:
        return self.run("destroy", "--stage", stage, *options, answer=answer)

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        tools = DeployTools(self._sleep, lambda: self.now, TEMPLATE, PACKAGE, self._look)
        return CliRunner().invoke(main, arguments, obj=tools, input=answer)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _look(self, deployed: Deployed, _profile: str | None) -> bool:
        self.checked.append(deployed)
        return self.is_right


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with taught_aws(monkeypatch) as served:
        yield served


@pytest.fixture
def harness(aws: Aws) -> DeployHarness:
    return DeployHarness(aws)


@pytest.fixture
def deployed(harness: DeployHarness) -> DeployHarness:
    """Return a harness with stage prod deployed."""
    result = harness.deploy()
    assert result.exit_code == 0, result.output
    harness.aws.calls.clear()
    harness.aws.requests.clear()
    harness.checked.clear()
    return harness


def refusal(result: Result) -> str:
    """Return the message with which a command failed, without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output.rpartition("Error: ")[2].rstrip("\n")
