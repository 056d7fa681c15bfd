"""Check that what the source needs loads from the package, and from nothing else of this machine."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.packaging.evidence import Needs
from infra.deploy.packaging.runtime import ARCHITECTURES, GLIBC
from infra.deploy.refusal import Refused
from infra.process import run_captured

_REMEDY = (
    "Add a module that is not found to requirements.in, then run `make lock`; correct the name of a service "
    "that is unknown, or pin a newer boto3."
)


def can_load(architecture: str) -> bool:
    """Tell whether this machine can run what is packaged for an architecture of Lambda."""
    library, version = platform.libc_ver()
    numbers = tuple(int(part) for part in version.split(".") if part.isdigit())
    machine = (sys.platform, platform.machine(), library)
    return machine == ("linux", ARCHITECTURES[architecture], "glibc") and numbers >= GLIBC


def root_modules(requirements_in: Path, site: Path) -> dict[str, str]:
    """Return the public top modules of each package that a `requirements.in` asks for, with that package.

    `site` is the folder with the installed packages.
    """
    lines = (line.partition("#")[0].strip() for line in requirements_in.read_text("utf-8").splitlines())
    roots = {canonicalize_name(Requirement(line).name) for line in lines if line}
    found: dict[str, str] = {}
    for package in distributions(path=[str(site)]):
        if canonicalize_name(package.name) in roots:
            paths = [PurePosixPath(str(file)) for file in package.files or ()]
            tops = {one.parts[0].partition(".")[0] for one in paths if one.suffix in {".py", ".so"}}
            modules = [one for one in tops if one.isidentifier() and not one.startswith("_")]
            found |= dict.fromkeys(modules, f"{package.name} of requirements.in")
    return found


def check_loading(site: Path, needs: Needs, roots: dict[str, str], interpreter: str) -> None:
    """Import every module that the source or `roots` names, and make a client of every service.

    Raises Refused with what failed first: the traceback shows its line, which ends in who needs it.
    """
    lines = ["import sys", "sys.path.insert(0, sys.argv[1])"]
    lines += [f"import {name}  # {who}" for name, who in sorted({**needs.modules, **roots}.items())]
    lines += ["import boto3"] if needs.services else []
    for name, who in sorted(needs.services.items()):
        lines += [f"boto3.client({name!r}, region_name='us-east-1')  # {who}"]
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        script = Path(folder, "load.py")
        script.write_text("\n".join(lines), "utf-8")
        command = [interpreter, "-I", "-S", "-B", str(script), str(site)]
        # Credentials of the environment come first, so none of this machine's profiles is read.
        env = {**os.environ, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
        env.pop("AWS_PROFILE", None)
        done = run_captured(command, env=env)
    if done.returncode:
        reason = done.stderr.strip() or f"the interpreter ended with exit code {done.returncode}"
        raise Refused(f"The package would not load in Lambda: {reason}\n{_REMEDY}")
