"""A deploy with everything real but AWS, time and the smoke test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
from click.testing import CliRunner, Result

from infra.__main__ import main
from infra.deploy.packaging.build import build
from infra.deploy.release import Tools
from infra.deploy.template import make_template
from infra.operate.deployment import Deployment
from tests.infra.deploy.aws import Aws, taught_aws

# Both depend on the source alone, which stands still while tests run.
TEMPLATE = cache(make_template)
PACKAGE = cache(build)


@dataclass
class DeployHarness:
    """Where an operator types, beside a clock that moves only when somebody sleeps."""

    aws: Aws
    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    seen: list[Deployment] = field(default_factory=list)
    smoke_passes: bool = True
    dreams: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens during the n-th sleep."""

    def deploy(self, *options: str, stage: str = "prod", answer: str | None = None) -> Result:
        return self.run("deploy", "--stage", stage, *options, answer=answer)

    def destroy(self, *options: str, stage: str = "prod", answer: str | None = None) -> Result:
        return self.run("destroy", "--stage", stage, *options, answer=answer)

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        tools = Tools(self._sleep, lambda: self.now, template=TEMPLATE, package=PACKAGE, smoke=self._smoke)
        return CliRunner().invoke(main, arguments, obj=tools, input=answer)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.dreams.pop(len(self.slept), lambda: None)()

    def _smoke(self, deployment: Deployment) -> bool:
        self.seen.append(deployment)
        return self.smoke_passes


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
    harness.seen.clear()
    return harness


@pytest.fixture(scope="module")
def standing_deployment() -> Iterator[DeployHarness]:
    """Return a harness with stage prod deployed, for tests that only look."""
    with pytest.MonkeyPatch.context() as patch, taught_aws(patch) as served:
        harness = DeployHarness(served)
        assert harness.deploy().exit_code == 0
        yield harness


def refusal(result: Result) -> str:
    """Return the one sentence with which a command failed, without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    (sentence,) = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    return sentence.removeprefix("Error: ")
