"""The dependencies as they are shipped: installed for Lambda, selected, compiled, and cached."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.packaging import bytecode, wheels
from infra.deploy.packaging.evidence import Needs
from infra.deploy.packaging.loading import modules_of
from infra.deploy.packaging.pruning import Selection, installed_in, roots_of
from infra.deploy.packaging.runtime import Interpreter, marker_environment

CACHE = Path(".local/deploy")
_INPUTS = ("requirements.txt", "requirements.in")
_CODE = Path(__file__).parent


@dataclass(frozen=True)
class Dependencies:
    """A folder with the files to ship in `site`."""

    folder: Path

    @property
    def site(self) -> Path:
        """Return the folder whose contents go to the top of the package."""
        return self.folder / "site"

    @property
    def modules(self) -> dict[str, str]:
        """Return the modules of the packages in requirements.in, each with the name of its package."""
        found: dict[str, str] = json.loads(self._modules.read_text("utf-8"))
        return found

    @property
    def _modules(self) -> Path:
        return self.folder / "modules.json"

    def select(self, installed: Path, selection: Selection) -> None:
        """Copy what is needed of the packages that are installed in a folder."""
        for file in selection.files(installed):
            (self.site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(installed / file, self.site / file)
        present = installed_in(installed)
        roots = [present[name] for name in selection.root_names if name in present]
        self._modules.write_text(json.dumps({one: root.name for root in roots for one in modules_of(root)}))


def dependencies(
    project: Path, architecture: str, needs: Needs, interpreter: Interpreter | None
) -> Dependencies:
    """Return the dependencies, made once for each state of the pins, the needs and the interpreter.

    Raises Refused where they cannot be installed.
    """
    target = project / CACHE / f"dependencies-{_fingerprint(project, architecture, needs, interpreter)}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        roots = roots_of((project / "requirements.in").read_text("utf-8"))
        selection = Selection(roots, needs, marker_environment(architecture))
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as name:
            installed, made = Path(name, "installed"), Dependencies(Path(name, "made"))
            wheels.install(project / "requirements.txt", architecture, installed)
            made.select(installed, selection)
            if interpreter:
                bytecode.compile_folder(made.site, interpreter)
            _publish(made.folder, target)
    return Dependencies(target)


def _publish(made: Path, target: Path) -> None:
    """Give a complete folder the name that later builds look for; another build may have been faster."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _fingerprint(project: Path, architecture: str, needs: Needs, interpreter: Interpreter | None) -> str:
    """Return a digest of all that the files depend on, the code that selects them included."""
    total = hashlib.sha256()
    compiled_by = interpreter.version if interpreter else "none"
    modules = sorted(one.name for one in needs.modules if one.name.startswith("chalice"))
    total.update(json.dumps([architecture, compiled_by, sorted(needs.services), modules]).encode())
    for file in (*(project / name for name in _INPUTS), *sorted(_CODE.glob("*.py"))):
        total.update(file.read_bytes())
    return f"{architecture}-{total.hexdigest()[:16]}"
