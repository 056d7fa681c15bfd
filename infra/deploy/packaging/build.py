"""Build the one zip that all functions share; docs/decisions/0009-deploy.md says why not with Chalice."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.packaging import archive, bytecode, loading
from infra.deploy.packaging.dependencies import CACHE, dependencies
from infra.deploy.packaging.evidence import needs_of
from infra.deploy.packaging.runtime import find_interpreter
from infra.template.build import copy_source


@dataclass(frozen=True)
class Package:
    """A zip for Lambda. `digest` is that of its contents.

    `compiled_by` is the version of the Python that made the byte code, None where there is none. `is_loaded`
    tells whether everything that the source needs was loaded from the zip.
    """

    path: Path
    digest: str
    files: int
    packed_bytes: int
    unpacked_bytes: int
    compiled_by: str | None
    is_loaded: bool


def build(project: Path, architecture: str, folder: Path | None = None) -> Package:
    """Package the source of `project` with its dependencies; `folder` is for the zip, by default a cache.

    Byte code is left out where this machine has no Python of the functions' version. Raises Refused where the
    dependencies cannot be installed, the source is not Python, or something that it needs does not load.
    """
    interpreter = find_interpreter()
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        source = Path(name)
        copy_source(project, source)
        needs = needs_of(source, project)
        shipped = dependencies(project, architecture, needs, interpreter)
        if interpreter:
            bytecode.compile_folder(source, interpreter)
        files = archive.files_below(shipped.site) | archive.files_below(source)
        target = (folder or project / CACHE) / f"package-{architecture}.zip"
        archive.write_zip(target, files)
        digest = archive.digest(files)
        unpacked = sum(path.stat().st_size for path in files.values())
    is_loaded = interpreter is not None and loading.can_load(architecture)
    if interpreter and is_loaded:
        loading.check_loading(target, needs, shipped.modules, interpreter)
    return Package(
        target,
        digest,
        len(files),
        target.stat().st_size,
        unpacked,
        compiled_by=interpreter.version if interpreter else None,
        is_loaded=is_loaded,
    )
