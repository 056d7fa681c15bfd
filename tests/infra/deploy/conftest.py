"""A deploy with everything real but AWS, the package, time, and the check of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.__main__ import main
from infra.deploy.options import PROJECT, DeployTools
from infra.deploy.packaging.archive import write_zip
from infra.deploy.packaging.build import Package
from infra.parameters import Pins
from infra.verify.look import Deployed
from tests.infra.deploy.aws import Aws, taught_aws
from tests.infra.template.packaged import document


@dataclass
class DeployHarness:
    """A terminal, and a clock that moves only when somebody sleeps."""

    aws: Aws
    package: Package
    template: Callable[[Path, str], dict[str, Any]] = lambda _, stage: document(stage)
    now: float = 1_800_000_000.0
    pins: list[Pins] = field(default_factory=list)
    """Requirement files of each package that was built."""
    checked: list[Deployed] = field(default_factory=list)
    is_right: bool = True

    def deploy(self, *options: str, stage: str = "prod") -> Result:
        return self.run("deploy", "--stage", stage, *options)

    def destroy(self, *options: str) -> Result:
        return self.run("destroy", "--stage", "prod", *options)

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        tools = DeployTools(self._sleep, lambda: self.now, self.template, self._build, self._look)
        return CliRunner().invoke(main, arguments, obj=tools, input=answer)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _build(self, _project: Path, _architecture: str, pins: Pins) -> Package:
        self.pins.append(pins)
        return self.package

    def _look(self, deployed: Deployed, _profile: str | None) -> bool:
        self.checked.append(deployed)
        return self.is_right


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Return a package of one file; `make deploy` and tests/infra/lambda_runtime build a real one."""
    path = tmp_path_factory.mktemp("package") / "package.zip"
    return Package(path, write_zip(path, {"app.py": PROJECT / "app.py"}), "x86_64", None, is_loaded=False)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with taught_aws(monkeypatch) as served:
        yield served


@pytest.fixture
def harness(aws: Aws, package: Package) -> DeployHarness:
    return DeployHarness(aws, package)


def refusal(result: Result) -> str:
    """Return the message with which a command failed, without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output.rpartition("Error: ")[2].rstrip("\n")
