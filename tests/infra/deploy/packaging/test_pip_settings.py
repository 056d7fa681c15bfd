"""Packaging where pip's settings name another place for packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.packaging import wheels
from tests.infra.test_makefile import ELSEWHERE, wheel


@pytest.mark.parametrize("settings", ELSEWHERE.values(), ids=ELSEWHERE)
def test_whatever_is_set_for_pip_the_package_gets_its_dependencies(
    tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text(wheel(tmp_path))
    # A prefix in the file cannot be undone by any option, and goes with no `--target` of anybody's.
    (tmp_path / "pip.conf").write_text("[install]\nuser = true\ntarget = elsewhere\nroot = elsewhere\n")
    monkeypatch.chdir(tmp_path)
    for name, value in {**settings, "PIP_NO_INDEX": "1"}.items():
        monkeypatch.setenv(name, value)
    wheels.install(tmp_path / "requirements.txt", "x86_64", tmp_path / "package")
    assert (tmp_path / "package" / "tinypkg.py").exists()
    assert not (tmp_path / "elsewhere").exists()
