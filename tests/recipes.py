"""The recipes of docs/your-own-functions.md, typed into a copy of the project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.source_modules import ROOT

PAGE = (ROOT / "docs" / "your-own-functions.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"`([^`\n]+)`:\n\n```(\w+)\n(.*?)```", re.DOTALL)
_NOTHING_OF_OWN = """Globals:
  Function:
    Environment:
      Variables:

Resources:
"""
_COPIED = ("chalicelib", "infra", "tests", "docs", "examples", ".chalice", ".ci")
_FILES = ("app.py", "pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")


def copy_of_the_project(folder: Path) -> Path:
    """Copy the project without own functions that may be there."""
    unwanted = shutil.ignore_patterns("__pycache__", "deployments")
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in (*_FILES, *(path.name for path in ROOT.glob("requirements*"))):
        shutil.copy2(ROOT / name, folder)
    for path in [*folder.glob("chalicelib/functions/[!_]*"), *folder.glob("tests/functions/test_*")]:
        path.unlink()
    (folder / "infra" / "functions.yaml").write_text(_NOTHING_OF_OWN, encoding="utf-8")
    policy = folder / ".chalice" / "policy-functions.json"
    document = json.loads(policy.read_text("utf-8"))
    ours = [one for one in document["Statement"] if one.get("Sid") in {"WriteOwnLog", "WriteTraces"}]
    policy.write_text(json.dumps({**document, "Statement": ours}), encoding="utf-8")
    return folder


def type_recipes(project: Path) -> None:
    """Create what the page shows: whole modules and tests, parts of YAML, and a statement of a policy."""
    done = run(project, "-m", "infra", "new-function", "notes")
    assert done.returncode == 0, done.stderr
    resources: dict[str, Any] = yaml_parse((project / "infra" / "functions.yaml").read_text("utf-8"))
    for name, language, text in _BLOCK.findall(PAGE):
        if language == "python":
            (project / name).write_text(text, encoding="utf-8")
        elif language == "yaml":
            resources = _merged(resources, yaml_parse(text))
        else:
            policy = json.loads((project / name).read_text("utf-8"))
            policy["Statement"].append(json.loads(text))
            (project / name).write_text(json.dumps(policy), encoding="utf-8")
    # JSON is YAML.
    (project / "infra" / "functions.yaml").write_text(json.dumps(resources), encoding="utf-8")


def run(project: Path, *words: str, seconds: float = 240) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy."""
    return subprocess.run(  # noqa: S603 - the words of our own documentation
        [sys.executable, *words], cwd=project, capture_output=True, text=True, check=False, timeout=seconds
    )


def _merged(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    return {**first, **{key: _merged(first.get(key), one) for key, one in second.items()}}
