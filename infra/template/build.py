"""The two templates of a stage, as CloudFormation gets them: plain, with no transform left to apply."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from chalicelib.settings import OWN_ROUTES, SERVICE_ROUTES
from infra.process import run_captured
from infra.template import own_functions
from infra.template.refusal import CannotPackage

DATA, SERVICE = Path("infra/template/data.yaml"), Path("infra/template/service.yaml")
SOURCES = ("app.py", "chalicelib")
VENDOR = "vendor"
"""Folder whose contents go to the top of the package as they are, as with `chalice package`."""
_CHALICE = "from chalice.cli import main; raise SystemExit(main())"

# The transform wants some place; `with_code` puts the real one there.
_NO_CODE_YET = {"Bucket": "none", "Key": "none"}

Document = dict[str, Any]


def data_template(project: Path, stage: str) -> Document:
    """Return the template of the data with the stage written into every name."""
    return dict(_written(yaml_parse((project / DATA).read_text(encoding="utf-8")), stage))


def service_template(project: Path, stage: str, *, own: bool = True) -> Document:
    """Return the template of the service, by default with your own functions. Raises CannotPackage."""
    document = _described(project, stage, SERVICE_ROUTES)
    if not own:
        return document
    own_resources = own_functions.resources(project, stage)
    # A module may read its variables when it is imported.
    variables = dict.fromkeys(own_functions.variables(own_resources), "unknown while packaging")
    has_code = own_functions.has_code(project)
    described = _described(project, stage, OWN_ROUTES, variables) if has_code else {}
    return own_functions.with_own_functions(document, described, own_resources)


def _described(
    project: Path, stage: str, routes: str, variables: Mapping[str, str] | None = None
) -> Document:
    """Have Chalice describe the app, merged with our template if it is the service. Raises CannotPackage."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        folder = Path(name)
        copy_source(project, folder)
        (folder / ".chalice").mkdir()
        for file in (project / ".chalice").glob("*.json"):
            shutil.copy(file, folder / ".chalice")
        arguments = ["package", "--stage", stage, "--template-format", "yaml", "out"]
        if routes == SERVICE_ROUTES:
            shutil.copy(project / SERVICE, folder / SERVICE.name)
            arguments += ["--merge-template", SERVICE.name]
        else:
            config = folder / ".chalice" / "config.json"
            config.write_text(json.dumps(own_functions.chalice_config(json.loads(config.read_text("utf-8")))))
        # Chalice packs a zip of its own, which is not used: without requirements that takes milliseconds.
        (folder / "requirements.txt").touch()
        _run_chalice(arguments, folder, {**(variables or {}), "GATEHOUSE_ROUTES": routes})
        return dict(yaml_parse((folder / "out" / "sam.yaml").read_text(encoding="utf-8")))


def translated(document: Document, region: str, version: str) -> Document:
    """Apply AWS's transform for serverless applications, which CloudFormation would apply otherwise.

    `version` goes into the API's definition: API Gateway deploys a stage anew only where that has changed,
    and a parameter alone does not change its text.
    """
    copy = json.loads(json.dumps(document))
    copy["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]["version"] = version
    for resource in copy["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and "InlineCode" not in resource["Properties"]:
            resource["Properties"]["CodeUri"] = _NO_CODE_YET
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    result: Document = translator.translate(copy, parameter_values={})
    translator.metrics.publish()  # nowhere; without it the translator complains
    return result


def with_code(document: Document, code: dict[str, str]) -> Document:
    """Return the template with the functions' code, pinned to one version of one object."""
    copy: Document = json.loads(json.dumps(document))
    for resource in copy["Resources"].values():
        # Not of a function in infra/functions.yaml that contains its own code.
        if resource["Type"] == "AWS::Lambda::Function" and "S3Bucket" in resource["Properties"]["Code"]:
            resource["Properties"]["Code"] = code
    return copy


def as_text(document: Document) -> str:
    """Return a template as JSON: Chalice's YAML has aliases, which CloudFormation does not read."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def copy_source(project: Path, target: Path) -> None:
    """Copy the source that runs in Lambda, without what tools and editors leave behind."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for name in SOURCES:
        if (project / name).is_dir():
            shutil.copytree(project / name, target / name, ignore=ignored)
        else:
            shutil.copyfile(project / name, target / name)
    if (project / VENDOR).is_dir():
        shutil.copytree(project / VENDOR, target, ignore=ignored, dirs_exist_ok=True)


def _written(node: Any, stage: str) -> Any:
    if isinstance(node, list):
        return [_written(one, stage) for one in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Fn::Sub"}:
        return node["Fn::Sub"].replace("${Stage}", stage)
    return {key: _written(one, stage) for key, one in node.items()}


def _run_chalice(arguments: list[str], folder: Path, variables: Mapping[str, str]) -> None:
    # Chalice only wants to know a region's name; nothing here asks AWS.
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    done = run_captured([sys.executable, "-c", _CHALICE, *arguments], cwd=folder, env=environment)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it ended without an error message"]
        raise CannotPackage(f"Chalice could not package the app: {said[-1]}")
