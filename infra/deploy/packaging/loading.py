"""Check that what the source needs loads from the package, and from nothing else of this machine."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.packaging.evidence import Needs
from infra.deploy.packaging.runtime import ARCHITECTURES, GLIBC
from infra.deploy.refusal import Refused

_SCRIPT = Path(__file__).with_name("load_tree.py")
# A Python file, or a compiled module such as `_bcrypt.abi3.so`.
_MODULE_SUFFIXES = (".py", ".so")


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
            tops = {one.parts[0].partition(".")[0] for one in paths if one.name.endswith(_MODULE_SUFFIXES)}
            modules = [one for one in tops if one.isidentifier() and not one.startswith("_")]
            found |= dict.fromkeys(modules, f"{package.name} is required")
    return found


def check_loading(site: Path, needs: Needs, roots: dict[str, str], interpreter: str) -> None:
    """Load every module that is imported or that `roots` names, and a client of every service.

    Raises Refused with one line for each failure, which says what to add and where.
    """
    modules = {name: f"{place} imports {name}" for name, place in needs.modules.items()}
    done = subprocess.run(  # noqa: S603 - our own script
        [interpreter, "-I", "-S", "-B", str(_SCRIPT), str(site)],
        cwd=site,
        input=json.dumps({"modules": {**modules, **roots}, "services": needs.services}),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        failed = json.loads(done.stdout)
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Refused(f"The package ends the interpreter that loads it: {last}") from error
    if failed:
        raise Refused("\n  ".join(["The package would not load in Lambda:", *sorted(failed)]))
