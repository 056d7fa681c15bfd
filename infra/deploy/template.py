"""The template that CloudFormation gets: Chalice's and ours merged, and where the code lies."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.deploy.packaging.build import copy_source
from infra.deploy.refusal import Refused

MERGED = Path("infra/template.yaml")
RELEASE = "Release"
"""The output that says which template and code a stack was made of."""

PACKAGE = "Package"
"""The output that says where the code lies that a stack runs."""

_FUNCTION = "AWS::Serverless::Function"
_RELEASE_CHARACTERS = 12
_CHALICE = "from chalice.cli import main; raise SystemExit(main())"


@dataclass(frozen=True)
class Template:
    """A template, before or after it knows where its code lies."""

    document: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return the declared parameters."""
        declared: dict[str, dict[str, Any]] = self.document.get("Parameters", {})
        return declared

    def with_code(self, bucket: str, key: str) -> Template:
        """Return the template with the functions' code, and with the output that names this release."""
        document = json.loads(json.dumps(self.document))
        for resource in document["Resources"].values():
            if resource["Type"] == _FUNCTION:
                resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
        where = "Where in the deployment bucket the code lies."
        document["Outputs"][PACKAGE] = {"Description": where, "Value": key}
        value = hashlib.sha256(Template(document).text().encode()).hexdigest()[:_RELEASE_CHARACTERS]
        description = "Digest of the template and of the code that this stack was made of."
        document["Outputs"][RELEASE] = {"Description": description, "Value": value}
        return Template(document)

    @property
    def release(self) -> str:
        """Return the digest that the output names. Only with code there is one."""
        return str(self.document["Outputs"][RELEASE]["Value"])

    def text(self) -> str:
        """Return it as JSON: Chalice's YAML has aliases, which CloudFormation does not read."""
        return json.dumps(self.document, sort_keys=True, separators=(",", ":"))


def make_template(project: Path, stage: str) -> Template:
    """Have Chalice describe the app, merged with ours. Raises Refused."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        folder = Path(name)
        copy_source(project, folder)
        (folder / ".chalice").mkdir()
        for file in (project / ".chalice").glob("*.json"):
            shutil.copy(file, folder / ".chalice")
        shutil.copy(project / MERGED, folder / MERGED.name)
        # Chalice packs a zip of its own, which is not used: without requirements that takes milliseconds.
        (folder / "requirements.txt").touch()
        _run_chalice(["package", "--stage", stage, "--merge-template", MERGED.name, "out"], folder)
        return Template(_read(folder / "out" / "sam.yaml"))


def changed_parameters(
    template: Template, stage: str, given: Mapping[str, str], previous: Mapping[str, str] | None
) -> list[dict[str, Any]]:
    """Return the parameters of a change set: what is given, else what the stack has, else the default.

    Raises Refused for a name that the template does not have, and for one without any value.
    """
    declared = template.parameters
    for name in given:
        if name == "Stage":
            raise Refused("The parameter Stage is what --stage says: leave it out.")
        if name not in declared:
            raise Refused(f"There is no parameter {name}; there are {', '.join(sorted(declared))}.")
    values = {**given, "Stage": stage}
    chosen: list[dict[str, Any]] = []
    for name, declaration in declared.items():
        if name in values:
            chosen.append({"ParameterKey": name, "ParameterValue": values[name]})
        elif name in (previous or {}):
            chosen.append({"ParameterKey": name, "UsePreviousValue": True})
        elif "Default" not in declaration:
            raise Refused(f"The template needs a value for {name}: give --parameter {name}=…")
    return chosen


def _run_chalice(arguments: list[str], folder: Path) -> None:
    # Chalice only wants to know a region's name; nothing here asks AWS.
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", _CHALICE, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it ended without a word"]
        raise Refused(f"Chalice could not package the app: {said[-1]}")


def _read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document
