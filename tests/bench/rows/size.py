"""What does not change with the speed of a machine: package, memory, modules, bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import message_body
from infra.template.build import SERVICE, copy_source
from tests.bench.bench import (
    API,
    AUTHORIZER,
    MAIL,
    ROTATION,
    WORK,
    Bench,
    bearer_event,
    me_event,
    refresh_event,
    sign_in_event,
)
from tests.bench.measure import Measured, NotMeasuredError, Row
from tests.bench.processes import Worker
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.interpreter import PROJECT
from tests.mail_requests import mail_request

_KIB = 1024
_CHALICE = "from chalice.cli import main; raise SystemExit(main())"


def package(bench: Bench) -> Measured:
    """Measure the zip of all functions against that of `chalice package`."""
    return Measured(bench.tree.package.built.packed_bytes, plain_package_bytes())


def plain_package_bytes() -> int:
    """Return the size of Chalice's own zip, made once for each state of the pins. Raises NotMeasuredError."""
    key = hashlib.sha256((PROJECT / "requirements.txt").read_bytes()).hexdigest()[:16]
    known = WORK / f"plain-package-{key}.zip"
    if not known.exists():
        known.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copy_source(PROJECT, folder)
            shutil.copytree(PROJECT / ".chalice", folder / ".chalice", ignore=shutil.ignore_patterns("dep*"))
            shutil.copy(PROJECT / "requirements.txt", folder)
            shutil.copy(PROJECT / SERVICE, folder / SERVICE.name)
            made = _run_chalice(folder)
            shutil.copy(made, known.with_suffix(".new"))
        known.with_suffix(".new").replace(known)
    return known.stat().st_size


def _run_chalice(folder: Path) -> Path:
    done = subprocess.run(  # noqa: S603 - fixed words
        [sys.executable, "-c", _CHALICE, "package", "--stage", "prod", "out"],
        cwd=folder,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotMeasuredError(f"chalice package failed: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "out" / "deployment.zip"


def memory(bench: Bench) -> Measured:
    """Measure the largest resident size of each function, after the work that it is deployed for."""
    used = {name: _peak(bench, handler) for name, handler in _FUNCTIONS.items()}
    return Measured(max(used.values()), details={name: round(size / _KIB, 1) for name, size in used.items()})


def _peak(bench: Bench, handler: str) -> int:
    tree = bench.tree
    with tree.worker(handler) as worker:
        worker.run("load", handler=handler)
        for event in _typical(bench, handler):
            worker.run("invoke", handler=handler, event=event)
        return int(worker.run("peak_memory").value)


def _typical(bench: Bench, handler: str) -> list[dict[str, Any]]:
    if handler == ROTATION:
        version, secret = str(uuid.uuid4()), bench.tree.environment["SIGNING_SECRET_ID"]
        steps = ("createSecret", "setSecret", "testSecret")
        return [dict(events.rotation(step, version, secret)) for step in steps]
    if handler == MAIL:
        request = mail_request(MailKind.SIGN_UP, address="new@example.com", created_at=int(time.time()))
        return [{"Records": [{"messageId": "one", "body": message_body(request)}]}]
    _, who = bench.signed_in
    if handler == AUTHORIZER:
        return [dict(bearer_event(who.access_token))]
    return [sign_in_event(6), me_event(who.context)]


_FUNCTIONS = {"authorizer": AUTHORIZER, "API": API, "mail": MAIL, "rotation": ROTATION}


def late_modules(bench: Bench) -> Measured:
    """Count the modules that the first answers load, after INIT: the phase in which a function is slow."""
    _, who = bench.signed_in
    found = {
        "authorizer": _late(bench, AUTHORIZER, dict(bearer_event(who.access_token))),
        "API": _late(bench, API, refresh_event(who.refresh_token)),
    }
    return Measured(sum(map(len, found.values())), details={name: sorted(one) for name, one in found.items()})


def _late(bench: Bench, handler: str, event: dict[str, Any]) -> set[str]:
    with bench.tree.worker(handler) as worker:
        worker.run("load", handler=handler)
        before = set(worker.run("modules").value)
        worker.run("invoke", handler=handler, event=event)
        return set(worker.run("modules").value) - before


def loaded(bench: Bench, handler: str) -> set[str]:
    """Return the modules that a function has loaded at the end of INIT."""
    with bench.tree.worker(handler) as worker:
        worker.run("load", handler=handler)
        return set(worker.run("modules").value)


def _warm(bench: Bench, case: str) -> int:
    worker, who = bench.signed_in
    arguments: dict[str, Any] = {"handler": AUTHORIZER, "event": bearer_event(who.access_token)}
    for _ in range(3):
        _value(worker, case, arguments)
    return _value(worker, case, arguments)


def _value(worker: Worker, case: str, arguments: dict[str, Any]) -> int:
    return int(worker.run(case, **arguments).value)


ROWS = [
    Row(
        "package",
        "package, zipped, under HS256",
        "chalice package",
        0.30,
        "MB",
        package,
        1e-6,
        is_exact=True,
    ),
    Row("memory", "peak memory, largest function", "", 100, "MB", memory, _KIB / 1e6),
    Row(
        "late-modules",
        "modules loaded after INIT, authorizer and API",
        "",
        None,
        "",
        late_modules,
        is_exact=True,
    ),
    Row(
        "log-bytes",
        "bytes logged by a decision",
        "",
        None,
        "B",
        lambda bench: Measured(_warm(bench, "logged")),
        is_exact=True,
    ),
    Row(
        "allocations",
        "memory that a warm decision allocates at most",
        "",
        None,
        "KB",
        lambda bench: Measured(_warm(bench, "allocated")),
        1e-3,
        is_exact=True,
    ),
]
