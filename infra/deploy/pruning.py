"""What of the installed dependencies goes to Lambda.

Chalice drags in its command line, an installer and a prompt library; botocore has the data of four hundred
services. Of 59 MB a quarter is left, half of that byte code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SERVICES = frozenset({"dynamodb", "secretsmanager"})
"""The services that the functions call; a test holds this to the source."""

# Chalice's runtime is one module that needs the standard library only; it says so in its own source.
_CHALICE = "chalice"
_CHALICE_RUNTIME = frozenset({"chalice/__init__.py", "chalice/app.py"})
_SUFFIXES_NOT_NEEDED = (".pyi", ".pyc", ".pth", ".typed")
_FOLDERS_NOT_NEEDED = ("boto3/data/", "boto3/examples/")
_BOTOCORE_DATA = "botocore/data/"


def needed_files(site: Path, roots: Iterable[str]) -> list[str]:
    """Return the files below `site` that the packages named `roots` need when they run, sorted."""
    installed: dict[str, Distribution] = {
        canonicalize_name(one.name): one for one in distributions(path=[str(site)])
    }
    files = (str(file) for name in _closure(installed, roots) for file in installed[name].files or ())
    return sorted(file for file in files if is_needed(file))


def roots_of(requirements_in: str) -> list[str]:
    """Return the package names in the text of a `requirements.in`."""
    lines = (line.partition("#")[0].strip() for line in requirements_in.splitlines())
    return [canonicalize_name(Requirement(line).name) for line in lines if line]


def is_needed(file: str) -> bool:
    """Tell whether a file of a needed package is read or imported in Lambda."""
    path = PurePosixPath(file)
    if path.parts[0] == ".." or file.endswith(_SUFFIXES_NOT_NEEDED) or file.startswith(_FOLDERS_NOT_NEEDED):
        return False
    if path.parts[0].endswith(".dist-info"):
        # Powertools asks for versions, and licences travel with what they cover.
        return path.name == "METADATA" or "licenses" in path.parts
    if path.parts[0] == _CHALICE:
        return file in _CHALICE_RUNTIME
    if file.startswith(_BOTOCORE_DATA) and len(path.parts) > len(PurePosixPath(_BOTOCORE_DATA).parts) + 1:
        return path.parts[2] in SERVICES
    return True


def _closure(installed: Mapping[str, Distribution], roots: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found and name in installed:
            found.add(name)
            waiting += _requirements(name, installed[name])
    return found


def _requirements(name: str, distribution: Distribution) -> Iterator[str]:
    if name == _CHALICE:
        return
    for line in distribution.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)
