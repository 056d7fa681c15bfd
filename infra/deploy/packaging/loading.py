"""Check that what the source needs loads from the finished zip, and from nothing else of this machine."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from infra.deploy.packaging.evidence import SETTING, Needs
from infra.deploy.packaging.runtime import ARCHITECTURES, GLIBC_MINOR, Interpreter
from infra.deploy.refusal import Refused

_SCRIPT = Path(__file__).with_name("load_tree.py")
# A Python file, or a compiled module such as `_bcrypt.abi3.so`.
_MODULE_SUFFIXES = (".py", ".so")


def can_load(architecture: str) -> bool:
    """Tell whether this machine can run what is packaged for an architecture of Lambda."""
    library, version = platform.libc_ver()
    is_new_enough = tuple(int(part) for part in version.split(".") if part.isdigit()) >= (2, GLIBC_MINOR)
    is_same = (sys.platform, platform.machine()) == ("linux", ARCHITECTURES[architecture])
    return is_same and library == "glibc" and is_new_enough


def check_loading(archive: Path, needs: Needs, packages: Mapping[str, str], interpreter: Interpreter) -> None:
    """Load every module that is imported, every client that is named, and `packages` from the zip.

    `packages` are the modules of what requirements.in asks for, each with the name of its package.

    Raises Refused with one line for each failure, which says what to add and where.
    """
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        known = (one for one in needs.services if Path(folder, "botocore", "data", one).is_dir())
        wanted = {
            "modules": sorted({*packages, *(one.name for one in needs.modules)}),
            "clients": sorted({*needs.certain, *known}),
        }
        failed = _run(interpreter, folder, wanted)
    lines = [*_modules(failed["modules"], packages, needs), *_clients(failed["clients"], needs)]
    if lines:
        raise Refused("The package would not load in Lambda:\n" + "\n".join(f"  {line}" for line in lines))


def modules_of(distribution: Distribution) -> set[str]:
    """Return the names under which a package is imported: its public modules and packages at the top."""
    found = set()
    for file in distribution.files or ():
        path = PurePosixPath(str(file))
        first = path.parts[0].partition(".")[0]
        if path.name.endswith(_MODULE_SUFFIXES) and first.isidentifier() and not first.startswith("_"):
            found.add(first)
    return found - {"bin"}


def _run(interpreter: Interpreter, folder: str, wanted: dict[str, list[str]]) -> dict[str, list[list[str]]]:
    done = subprocess.run(  # noqa: S603 - our own script
        [interpreter.path, "-I", "-S", "-B", str(_SCRIPT), folder],
        cwd=folder,
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        failed: dict[str, list[list[str]]] = json.loads(done.stdout)
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Refused(f"The package ends the interpreter that loads it: {last}") from error
    return failed


def _modules(failed: list[list[str]], packages: Mapping[str, str], needs: Needs) -> Iterator[str]:
    for name, error, missing in failed:
        places = sorted(one.place for one in needs.modules if one.name == name)
        who = f"{places[0]} imports {name}" if places else f"{packages[name]} is required"
        what = missing.partition(".")[0] if missing else None
        mend = f"add {what} to requirements.in, then run `make lock`" if what else "see the error"
        yield f"{who}: {error}; {mend}."


def _clients(failed: list[list[str]], needs: Needs) -> Iterator[str]:
    for name, error, _ in failed:
        places = sorted(one.place for one in needs.clients | needs.possible if one.name == name)
        where = places[0] if places else f"{SETTING} in pyproject.toml"
        yield f"{where} names the AWS service {name}: {error}; correct the name, or pin a newer boto3."
