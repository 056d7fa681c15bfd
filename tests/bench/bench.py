"""What the rows share: packages, stacks and workers, each made at its first use."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.deploy.refusal import Refused
from tests.bench.measure import NotMeasuredError
from tests.bench.processes import StackProcess, Worker
from tests.bench.programs.stack import EMAILS, PASSWORD
from tests.bench.quota import Quota, cpu_quota
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.function import Unpacked, as_lambda_sets, bare, unpacked
from tests.infra.lambda_runtime.interpreter import PROJECT

BEFORE = "f9c1282"
"""The last commit whose functions create boto3 clients in their handlers."""
API, AUTHORIZER, ROTATION, MAIL = (
    "app.app",
    "chalicelib.api.authorizer.bearer",
    "chalicelib.api.key_rotation.rotate",
    "chalicelib.api.mail.mail",
)
WORK = PROJECT / ".local" / "bench"
_TRIES, _UNAVAILABLE = 3, 503
_NO_ANSWER = {"statusCode": _UNAVAILABLE, "body": f"{_TRIES} sign-ins were unavailable"}
_NO_RUNTIME_API = "127.0.0.1:9"


@dataclass(frozen=True)
class Credentials:
    """What a signed-in app and the function behind the authorizer have."""

    access_token: str
    refresh_token: str
    user_id: str
    session_id: str
    context: dict[str, Any]


@dataclass(eq=False)
class Tree:
    """A version of Gatehouse: its source, its package unpacked as in Lambda, and a local stack of its own.

    The table of the stack holds `users` besides the accounts that are used.
    """

    source: Path
    package: Unpacked
    undo: ExitStack
    users: int = 0

    @cached_property
    def stack(self) -> StackProcess:
        """Return the stack, started at the first use."""
        return self.undo.enter_context(StackProcess(self.source, users=self.users))

    @cached_property
    def environment(self) -> dict[str, str]:
        """Return the variables of the stack's functions; they derive their issuer as on AWS."""
        return {name: value for name, value in self.stack.environment.items() if name != "ISSUER"}

    def worker(self, handler: str, **environment: str) -> Worker:
        """Start a process that has loaded nothing of the package yet. Close it, or use `kept_worker`."""
        variables = bare() | as_lambda_sets(self.package, handler, _NO_RUNTIME_API) | self.environment
        # Lambda finds no module of this machine, and the worker's script is not in the package.
        folders = [self.package.task]
        return Worker(self.package.command, folders, self.package.task, {**variables, **environment})

    def kept_worker(self, *handlers: str, **environment: str) -> Worker:
        """Start a process that lasts as long as the benchmark, with these functions loaded."""
        worker = self.undo.enter_context(self.worker(handlers[0], **environment))
        for handler in handlers:
            worker.run("load", handler=handler)
        return worker

    def sign_in(self, worker: Worker, number: int = 0) -> Credentials:
        """Sign an account in; `worker` has loaded both functions."""
        # On a busy machine a cold function may miss its own time-outs, which are short.
        answers = (
            worker.run("invoke", handler=API, event=sign_in_event(number)).value for _ in range(_TRIES)
        )
        tokens = body_of(next((one for one in answers if one["statusCode"] != _UNAVAILABLE), _NO_ANSWER))
        allowed = worker.run("invoke", handler=AUTHORIZER, event=bearer_event(tokens["access_token"])).value
        context = allowed["context"]
        return Credentials(
            tokens["access_token"], tokens["refresh_token"], context["sub"], context["sid"], context
        )


LAMBDA_PINS = "requirements-lambda.txt"


@dataclass(eq=False)
class Bench:
    """One run. `rounds` is the number of samples of each side; `before` a commit to compare with."""

    rounds: int
    before_commit: str = BEFORE
    undo: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def folder(self) -> Path:
        """Return a folder for packages, deleted at the end."""
        return Path(self.undo.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-")))

    @cached_property
    def quota(self) -> Quota | None:
        """Return a CPU quota, None where this machine does not allow one."""
        return self.undo.enter_context(cpu_quota())

    @cached_property
    def tree(self) -> Tree:
        """Return this version."""
        return self._packaged(PROJECT, "now")

    @cached_property
    def before(self) -> Tree:
        """Return the version to compare with."""
        return self._packaged(exported(self.before_commit), "before")

    @cached_property
    def signed_in(self) -> tuple[Worker, Credentials]:
        """Return a warm process of API and authorizer, and a session."""
        worker = self.tree.kept_worker(API, AUTHORIZER)
        return worker, self.tree.sign_in(worker)

    @cached_property
    def signing_key(self) -> str:
        """Return the key of the stack as text, for PyJWT alone."""
        from chalicelib.services import AwsAdapters
        from chalicelib.settings import Settings
        from infra.local.environment import local_credentials

        with local_credentials():
            adapters = AwsAdapters(Settings.from_environment(self.tree.environment))
            return adapters.keys.current().current.material.reveal().decode()

    def close(self) -> None:
        """End every process, and delete every folder."""
        self.undo.close()

    def _packaged(self, source: Path, name: str) -> Tree:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        try:
            package = unpacked(folder, source)
        except Refused as refusal:
            raise NotMeasuredError(refusal.message) from refusal
        return Tree(source, package, self.undo)


def exported(commit: str) -> Path:
    """Return a folder with the files of a commit. Raises NotMeasuredError."""
    found = _git("rev-parse", "--short=12", f"{commit}^{{commit}}")
    target = WORK / f"before-{found.decode().strip()}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as files:
                files.extractall(Path(name, "files"), filter="data")
            if not Path(name, "files", LAMBDA_PINS).exists():
                # Former versions had one file for pip and Lambda, with the same dependencies.
                shutil.copy(PROJECT / LAMBDA_PINS, Path(name, "files"))
            Path(name, "files").rename(target)
    return target


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise NotMeasuredError(f"git cannot read {arguments[-1]}; a shallow clone has no former commits")
    return done.stdout


def body_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a successful answer of the API. Raises RuntimeError for any other."""
    if answer["statusCode"] >= 300:
        raise RuntimeError(f"{answer['statusCode']}: {answer['body']}")
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def sign_in_event(number: int = 0) -> dict[str, Any]:
    """Return a sign-in to one of the stack's accounts."""
    return events.sign_in(EMAILS[number], PASSWORD)


def form_event(path: str, body: str) -> dict[str, Any]:
    """Return a request with a form."""
    return events.proxied("POST", path, body=body, headers={"Content-Type": events.FORM})


def refresh_event(refresh_token: str = "") -> dict[str, Any]:
    """Return a refresh; the worker puts the current token in."""
    return form_event("/oauth/token", f"grant_type=refresh_token&refresh_token={refresh_token or 'x'}")


def bearer_event(access_token: str) -> dict[str, str]:
    """Return what the authorizer is asked."""
    return events.authorization(f"Bearer {access_token}")


def me_event(context: dict[str, Any]) -> dict[str, Any]:
    """Return `GET /me` as the function behind the authorizer gets it."""
    return events.proxied("GET", "/me", authorizer=events.handed_on(context))
