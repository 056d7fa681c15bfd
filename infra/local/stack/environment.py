"""Environment variables for a while: what would lead to real AWS out, what leads to moto in."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.local.stack.names import HOST, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

# A developer's own credentials, profile, region or proxy must neither be needed nor get anywhere near this.
_OURS = {
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
    """Hide every AWS variable of this process behind ones that are good for moto only."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_OURS)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
