"""Builds the one zip that all functions share; docs/decisions/0009-deploy.md says why not with Chalice."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.deploy import archive, bytecode, pruning, wheels
from infra.template.build import copy_source

CACHE = Path(".local/deploy")
_DEPENDENCIES_OF_THE_RESULT = ("requirements.txt", "requirements.in")
_CODE_OF_THE_RESULT = ("wheels.py", "pruning.py", "bytecode.py", "compile_tree.py")


@dataclass(frozen=True)
class Package:
    """A zip for Lambda. `digest` is that of its contents."""

    path: Path
    digest: str
    files: int
    packed_bytes: int
    unpacked_bytes: int


def build(project: Path, architecture: str) -> Package:
    """Package the source of `project` with its dependencies. Raises Refused."""
    dependencies = dependency_folder(project, architecture)
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        source = Path(name)
        copy_source(project, source)
        bytecode.compile_folder(source)
        return _pack(
            archive.files_below(dependencies) | archive.files_below(source),
            project / CACHE / f"package-{architecture}.zip",
        )


def dependency_folder(project: Path, architecture: str) -> Path:
    """Return the pruned and compiled dependencies, made once for each state of the pins."""
    target = project / CACHE / f"dependencies-{_fingerprint(project, architecture)}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as name:
        site, kept = Path(name, "site"), Path(name, "kept")
        wheels.install(project / "requirements.txt", architecture, site)
        roots = pruning.roots_of((project / "requirements.in").read_text(encoding="utf-8"))
        for file in pruning.needed_files(site, roots):
            (kept / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(site / file, kept / file)
        bytecode.compile_folder(kept)
        # Only what is whole gets the name that later deploys look for; another one may have been faster.
        try:
            kept.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    return target


def _fingerprint(project: Path, architecture: str) -> str:
    total = hashlib.sha256(architecture.encode())
    here = Path(__file__).parent
    for file in (
        *(project / name for name in _DEPENDENCIES_OF_THE_RESULT),
        *(here / name for name in _CODE_OF_THE_RESULT),
    ):
        total.update(file.read_bytes())
    return f"{architecture}-{total.hexdigest()[:16]}"


def _pack(files: dict[str, Path], target: Path) -> Package:
    archive.write_zip(target, files)
    unpacked = sum(path.stat().st_size for path in files.values())
    return Package(target, archive.digest(files), len(files), target.stat().st_size, unpacked)
