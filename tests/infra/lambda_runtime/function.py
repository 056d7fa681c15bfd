"""A function as Lambda runs it: the unpacked package, Lambda's runtime, and nothing else of this machine."""

from __future__ import annotations

import os
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy.packaging.build import Package, build
from infra.deploy.packaging.runtime import RUNTIME_NAME
from tests.infra.lambda_runtime.interpreter import ARCHITECTURE, PROJECT, Runner, runner
from tests.infra.lambda_runtime.runtime_api import TIMEOUT_SECONDS, RuntimeApi, runtime_api

# -I and -S: no variable, no user folder and no site-packages of this machine can give the function a module.
_ISOLATED = ("-I", "-S")
_START = (
    "import runpy, sys; sys.path[:0] = sys.argv[1:3]; sys.argv[1:] = sys.argv[3:]; "
    "runpy.run_module('awslambdaric', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True)
class Unpacked:
    """The package as it is in `/var/task`, and the Python that runs it."""

    task: Path
    built: Package
    runner: Runner

    @property
    def command(self) -> list[str]:
        """Return the start of a command line. Another Python than Lambda's would write its own byte code."""
        return [self.runner.python, *_ISOLATED, *([] if self.runner.is_deployed_version else ["-B"])]

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python with the package and the standard library, and nothing else."""
        command = [*self.command, "-c", f"import sys; sys.path.insert(0, {str(self.task)!r}); {code}"]
        return subprocess.run(  # noqa: S603 - our own words
            command, cwd=self.task, env=bare(), capture_output=True, text=True, check=False
        )

    def files(self) -> dict[str, bytes]:
        """Return every file of the package with its bytes."""
        files = (path for path in self.task.rglob("*") if path.is_file())
        return {path.relative_to(self.task).as_posix(): path.read_bytes() for path in files}


def unpacked(folder: Path, project: Path = PROJECT) -> Unpacked:
    """Package a project, and unpack that read-only. Raises Refused where the dependencies cannot be had."""
    task = folder / "task"
    # A zip of its own, so that a developer's stays what it was.
    built = build(project, ARCHITECTURE, folder)
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(task)
    for path in [task, *task.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    return Unpacked(task, built, runner(folder))


@dataclass
class Function:
    """One warm process of a function."""

    api: RuntimeApi
    log: Path
    init_seconds: float

    def __call__(self, event: Any) -> Any:
        """Invoke it. Raises FunctionError."""
        return self.api.invoke(event)

    def said(self) -> str:
        """Return all that it logged."""
        return self.log.read_text(encoding="utf-8")


@contextmanager
def running(package: Unpacked, handler: str, environment: Mapping[str, str], log: Path) -> Iterator[Function]:
    """Start a function, and return once it asks for its first event. Raises FunctionError."""
    with runtime_api() as api, log.open("w", encoding="utf-8") as lines:
        folders = [str(package.task), str(package.runner.client)]
        command = [*package.command, "-c", _START, *folders, handler]
        variables = bare() | as_lambda_sets(package, handler, api.address) | dict(environment)
        began = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - our own words
            command, cwd=package.task, env=variables, stdout=lines, stderr=subprocess.STDOUT
        ) as process:
            try:
                is_up = api.waiting.wait(TIMEOUT_SECONDS)
                assert is_up, log.read_text(encoding="utf-8")
                if api.init_error:
                    raise api.init_error
                yield Function(api, log, time.perf_counter() - began)
            finally:
                process.kill()


def as_lambda_sets(package: Unpacked, handler: str, runtime_address: str) -> dict[str, str]:
    """Return the variables that Lambda sets; `runtime_address` is host and port of its Runtime API."""
    return {
        "AWS_LAMBDA_RUNTIME_API": runtime_address,
        "AWS_LAMBDA_FUNCTION_NAME": "gatehouse-test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME_NAME}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "LAMBDA_TASK_ROOT": str(package.task),
        "LAMBDA_RUNTIME_DIR": str(package.runner.client),
        "_HANDLER": handler,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


def bare() -> dict[str, str]:
    """Return what this machine's Python itself may need to start."""
    found = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    # The template's own word for the function behind the service's routes.
    return {"GATEHOUSE_ROUTES": "service", **found}
