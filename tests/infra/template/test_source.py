"""The source that is described and packaged."""

from __future__ import annotations

from pathlib import Path

from infra.template.build import copy_source


def test_vendored_files_go_to_the_top(tmp_path: Path) -> None:
    project, target = tmp_path / "project", tmp_path / "target"
    files = {"app.py", "chalicelib/__init__.py", "borrowed/__init__.py", "one.py"}
    for name in ("app.py", "chalicelib/__init__.py", "vendor/borrowed/__init__.py", "vendor/one.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    target.mkdir()
    copy_source(project, target)
    assert {path.relative_to(target).as_posix() for path in target.rglob("*.py")} == files
