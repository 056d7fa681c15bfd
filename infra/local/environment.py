"""Names, credentials and the description file of the local stack: the only module that other packages use."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

# What AWS would have chosen in a deployment.
HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "123456789012"
API_ID = "gatehouse0"
STAGE = "local"
STACK = "gatehouse-local"
_CONNECT_SECONDS = 2

# A developer's own credentials, profile, region and proxy are not needed and must not be used.
_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": HOST,
    "no_proxy": HOST,
}


@contextmanager
def local_credentials() -> Iterator[None]:
    """Replace every AWS variable of this process by values that only moto accepts, within the context."""
    before = dict(os.environ)
    isolate()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def isolate() -> None:
    """Replace every AWS variable of this process by values that only moto accepts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_VARIABLES)


def running_stack(path: Path) -> dict[str, str] | None:
    """Return the description of the stack that runs here, or None; a killed stack leaves its file behind."""
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        address = urlsplit(found["aws_endpoint_url"])
        with socket.create_connection((str(address.hostname), address.port or 0), _CONNECT_SECONDS):
            return found
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def stack_file(path: Path, description: Mapping[str, str]) -> Iterator[None]:
    """Write the description of a running stack, and delete it at the end.

    A file that another stack has overwritten since is left alone. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({**description, "pid": os.getpid()}, indent=2) + "\n", encoding="utf-8")
    # Atomic: a reader never sees half of the file.
    draft.replace(path)
    try:
        yield
    finally:
        if _owner(path) == os.getpid():
            path.unlink(missing_ok=True)


def _owner(path: Path) -> int | None:
    try:
        owner: int = json.loads(path.read_text(encoding="utf-8"))["pid"]
    except (OSError, ValueError, KeyError):
        return None
    return owner
