"""Which of the installed files are shipped: all, but for those that are known to be needless in Lambda.

Chalice brings its command line, an installer and a prompt library; botocore has the data of four hundred
services. Of 59 MB a quarter is left, half of that byte code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.packaging.evidence import Needs
from infra.deploy.refusal import Refused

# Chalice's runtime is one module that needs the standard library only; it says so in its own source.
_CHALICE = "chalice"
_CHALICE_RUNTIME = frozenset({"chalice/__init__.py", "chalice/app.py"})
_CHALICE_MODULES = frozenset({"chalice", "chalice.app"})
_SUFFIXES_NOT_NEEDED = (".pyi", ".pyc", ".pth", ".typed")
# Scripts of command lines, and examples for documentation.
_FOLDERS_NOT_NEEDED = ("bin/", "boto3/examples/")
# Entry points, versions and licences are read or owed at run time; these are the installer's.
_INSTALLER_FILES = frozenset({"RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json"})
_SERVICE_DATA = ("botocore", "data"), ("boto3", "data")

Installed = Mapping[str, Distribution]


@dataclass(frozen=True)
class Selection:
    """What decides about a file: the packages that were asked for, and what the source needs.

    `environment` holds the values of environment markers on Lambda.
    """

    roots: tuple[Requirement, ...]
    needs: Needs
    environment: Mapping[str, str]

    @property
    def root_names(self) -> tuple[str, ...]:
        """Return the normalized names of the packages that were asked for."""
        return tuple(canonicalize_name(one.name) for one in self.roots)

    @property
    def keeps_chalice_whole(self) -> bool:
        """Tell whether the source imports more of Chalice than its runtime."""
        names = {one.name for one in self.needs.modules}
        return any(name.startswith("chalice.") for name in names - _CHALICE_MODULES)

    def files(self, site: Path) -> list[str]:
        """Return the files below `site` to ship, by their relative names, sorted.

        Raises Refused where a package is asked for, by an extra for instance, that is not installed.
        """
        installed = installed_in(site)
        missing = self._closure(installed, self.roots, frozenset({_CHALICE})) - set(installed)
        if missing:
            names = ", ".join(sorted(missing))
            raise Refused(
                f"requirements.in asks for {names}, and requirements.txt does not: run `make lock`."
            )
        needless = set() if self.keeps_chalice_whole else self._needless(installed)
        dropped = {str(file) for name in needless for file in installed[name].files or ()}
        present = (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
        return sorted(file for file in present if file not in dropped and self.is_needed(file))

    def is_needed(self, file: str) -> bool:
        """Tell whether a file is read or imported in Lambda, if its package is."""
        path = PurePosixPath(file)
        if file.endswith(_SUFFIXES_NOT_NEEDED) or file.startswith(_FOLDERS_NOT_NEEDED):
            return False
        if path.parts[0].endswith(".dist-info"):
            return path.name not in _INSTALLER_FILES
        if path.parts[0] == _CHALICE and not self.keeps_chalice_whole:
            return file in _CHALICE_RUNTIME
        if path.parts[:2] in _SERVICE_DATA and len(path.parts) > 3:  # noqa: PLR2004 - package/data/service/…
            return path.parts[2] in self.needs.services
        return True

    def _needless(self, installed: Installed) -> set[str]:
        """Return the packages that Chalice's command line alone needs."""
        kept = self._closure(installed, self.roots, frozenset({_CHALICE}))
        return (self._closure(installed, (Requirement(_CHALICE),), frozenset()) - kept) & set(installed)

    def _closure(
        self, installed: Installed, wanted: Iterable[Requirement], leaves: frozenset[str]
    ) -> set[str]:
        """Return the packages that `wanted` come to, extras included; those of `leaves` are not followed."""
        found: set[tuple[str, str]] = set()
        waiting = [one for one in wanted if self._holds(one, "")]
        while waiting:
            requirement = waiting.pop()
            name = canonicalize_name(requirement.name)
            for extra in {"", *requirement.extras}:
                if (name, extra) not in found:
                    found.add((name, extra))
                    if name in installed and name not in leaves:
                        waiting += self._requirements(installed[name], extra)
        return {name for name, _ in found}

    def _requirements(self, distribution: Distribution, extra: str) -> Iterator[Requirement]:
        for line in distribution.requires or ():
            if self._holds(requirement := Requirement(line), extra):
                yield requirement

    def _holds(self, requirement: Requirement, extra: str) -> bool:
        marker = requirement.marker
        return marker is None or marker.evaluate({**self.environment, "extra": extra})


def roots_of(requirements_in: str) -> tuple[Requirement, ...]:
    """Return the requirements in the text of a `requirements.in`."""
    lines = (line.partition("#")[0].strip() for line in requirements_in.splitlines())
    return tuple(Requirement(line) for line in lines if line)


def installed_in(site: Path) -> Installed:
    """Return the packages that are installed in a folder, by their normalized names."""
    return {canonicalize_name(one.name): one for one in distributions(path=[str(site)])}
