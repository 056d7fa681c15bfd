"""Adds your own functions to the template of the service.

These are the code in `chalicelib/functions` and the resources of `infra/functions.yaml`;
docs/decisions/0014-own-functions.md says why they run in a Lambda function of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from chalicelib.settings import OWN_ROUTES
from infra.template.refusal import CannotPackage

RESOURCES = Path("infra/functions.yaml")
CODE = Path("chalicelib/functions")
HANDLER = "Functions"
"""Logical id of the Lambda function that serves your own routes."""
CONFIG_ENTRY = "functions"
"""Its entry in `.chalice/config.json`; its policy and memory hold for every other function of yours, too."""
EVENT_SECONDS = 60
"""Time-out of a function that no request waits for, unless it has its own entry."""

_SECTIONS = ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources", "Rules")
_RENAMED = {
    "APIHandler": HANDLER,
    "ApiHandlerRole": f"{HANDLER}Role",
    "APIHandlerInvokePermission": f"{HANDLER}InvokePermission",
}
_SHARED = {"RestAPI", "Bearer", "BearerRole", "BearerInvokePermission"}
"""What Chalice describes in both runs, and the service already has."""
_FUNCTION, _ROLE = "AWS::Serverless::Function", "AWS::IAM::Role"
_KEPT = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
"""Types of resources that hold data."""
_NAMED_BY = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
"""The data that a deploy takes back by its name, which therefore must have one."""
_USUAL_PYTHON: dict[str, Any] = {"Runtime": "python3.13", "Architectures": [{"Ref": "Architecture"}]}
_USUAL: dict[str, Any] = {
    "LoggingConfig": {"LogGroup": {"Fn::Sub": "gatehouse-${Stage}-functions"}},
    "Tracing": "PassThrough",
}
_BINARY_TYPES = "x-amazon-apigateway-binary-media-types"
_BOUNDARY = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}

Document = dict[str, Any]


def has_code(project: Path) -> bool:
    """Tell whether there is any function of your own."""
    return any(
        path.suffix == ".py" or (path / "__init__.py").is_file() for path in (project / CODE).glob("[!_.]*")
    )


def chalice_config(config: Document) -> Document:
    """Return Chalice's configuration for the run that describes your own functions.

    A function without an entry gets the policy and the memory of `functions`, where Chalice alone would look
    for a file named after the stage.
    """
    entries = config.get("lambda_functions", {})
    ours = entries.get(CONFIG_ENTRY, {})
    shared = {name: value for name, value in ours.items() if name != "lambda_timeout"}
    return {
        **config,
        "lambda_timeout": EVENT_SECONDS,
        **shared,
        "lambda_functions": {**entries, "api_handler": ours},
    }


def resources(project: Path, stage: str) -> Document:
    """Return `infra/functions.yaml`, with the stage in every name. Raises CannotPackage."""
    file = project / RESOURCES
    document = yaml_parse(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if not isinstance(document or {}, dict) or set(document or {}) - set(_SECTIONS):
        raise CannotPackage(f"{RESOURCES} may have the sections {', '.join(_SECTIONS)}, and no other.")
    sections: Document = _with_stage({name: one or {} for name, one in (document or {}).items()}, stage)
    for name, resource in sections.get("Resources", {}).items():
        if not isinstance(resource, dict):
            raise CannotPackage(f"{RESOURCES}: {name} must have a Type and Properties.")
        _keep(name, resource)
    return sections


def variables(own: Document) -> Document:
    """Return the environment variables that `infra/functions.yaml` gives to your functions."""
    function = (own.get("Globals") or {}).get("Function") or {}
    found: Document = (function.get("Environment") or {}).get("Variables") or {}
    return found


def with_own_functions(service: Document, described: Document, own: Document) -> Document:
    """Return the template of the service with your functions and resources added.

    `described` is what Chalice generates for your functions alone, `own` comes from `resources`. Raises
    CannotPackage for a name or a route that the service has, too.
    """
    document: Document = json.loads(json.dumps(service))
    ours = _renamed(
        {name: one for name, one in described.get("Resources", {}).items() if name not in _SHARED}
    )
    for name, resource in ours.items():
        if name in document["Resources"] or HANDLER in described["Resources"]:
            raise CannotPackage(
                f"A function of yours is named {name}, as one of the service is: rename yours."
            )
        document["Resources"][name] = resource
    _add_routes(document, _renamed(described.get("Resources", {})))
    _add_sections(document, own, ours)
    for name in {*ours, *own.get("Resources", {})}:
        _complete(document["Resources"][name], own, is_packaged=name in ours)
    return document


def _add_routes(document: Document, described: Document) -> None:
    if "RestAPI" not in described:
        return
    api = document["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    added = described["RestAPI"]["Properties"]["DefinitionBody"]
    for path, methods in added["paths"].items():
        existing = api["paths"].setdefault(path, {})
        if taken := (set(existing) & set(methods)) - {"options"}:
            method = min(taken).upper()
            raise CannotPackage(f"{method} {path} is a route of the service: choose another path for yours.")
        api["paths"][path] = {**methods, **existing}
    types = api[_BINARY_TYPES]
    api[_BINARY_TYPES] = [*types, *(one for one in added.get(_BINARY_TYPES, []) if one not in types)]
    definitions = api.setdefault("securityDefinitions", {})
    api["securityDefinitions"] = {**added.get("securityDefinitions", {}), **definitions}


def _add_sections(document: Document, own: Document, ours: Document) -> None:
    for section in (one for one in _SECTIONS if one != "Globals"):
        for name, entry in own.get(section, {}).items():
            existing = document.setdefault(section, {}).get(name)
            if section == "Resources" and "Type" not in entry:
                if name not in ours:
                    raise CannotPackage(f"{RESOURCES}: {name} has no Type, and is no function of yours.")
                document[section][name] = _merged(existing, entry)
            elif existing is not None:
                raise CannotPackage(
                    f"{RESOURCES}: {name} in {section} is a name of the service: choose another one."
                )
            else:
                document[section][name] = entry


def _complete(resource: Document, own: Document, *, is_packaged: bool) -> None:
    """Give a function what those of the service have, and a role its boundary.

    `is_packaged` tells that Chalice described it, with the version of Python and the processor of its own.
    """
    properties = resource.setdefault("Properties", {})
    if resource.get("Type") == _ROLE:
        properties.setdefault("PermissionsBoundary", _BOUNDARY)
    if resource.get("Type") != _FUNCTION:
        return
    if is_packaged:
        properties |= _USUAL_PYTHON
    defaults = (own.get("Globals") or {}).get("Function") or {}
    others = {name: value for name, value in defaults.items() if name != "Environment"}
    for name, value in {**_USUAL_PYTHON, **_USUAL, **others}.items():
        properties.setdefault(name, value)
    given = properties.get("Environment", {}).get("Variables") or {}
    properties["Environment"] = {"Variables": {"GATEHOUSE_ROUTES": OWN_ROUTES, **variables(own), **given}}


def _keep(name: str, resource: Document) -> None:
    """Have data outlive its stack, unless the resource says otherwise."""
    kind = resource.get("Type")
    if kind not in _KEPT or "DeletionPolicy" in resource:
        return
    resource["DeletionPolicy"] = "Retain"
    resource.setdefault("UpdateReplacePolicy", "Retain")
    property_ = _NAMED_BY.get(str(kind))
    if property_ and not isinstance((resource.get("Properties") or {}).get(property_), str):
        example = f"{property_}: !Sub gatehouse-${{Stage}}-{re.sub('(?<!^)(?=[A-Z])', '-', name).lower()}"
        raise CannotPackage(
            f"{RESOURCES}: {name} is kept when the stack is deleted, and found again by its name: add "
            f"`{example}`, or `DeletionPolicy: Delete` if its data may be lost."
        )


def _renamed(node: Any) -> Any:
    """Replace the logical ids that Chalice gives to the function behind the routes."""
    if isinstance(node, str):
        return re.sub(r"[A-Za-z0-9]+", lambda one: _RENAMED.get(one[0], one[0]), node)
    if isinstance(node, list):
        return [_renamed(one) for one in node]
    if isinstance(node, dict):
        return {_renamed(key): _renamed(one) for key, one in node.items()}
    return node


def _with_stage(node: Any, stage: str) -> Any:
    """Write the stage into every `!Sub` of nothing else: CloudFormation imports only under names of text."""
    if isinstance(node, list):
        return [_with_stage(one, stage) for one in node]
    if not isinstance(node, dict):
        return node
    text = node.get("Fn::Sub")
    if len(node) == 1 and isinstance(text, str) and set(_placeholders(text)) <= {"Stage"}:
        return text.replace("${Stage}", stage)
    return {key: _with_stage(one, stage) for key, one in node.items()}


def _placeholders(text: str) -> Iterator[str]:
    return (one[1] for one in re.finditer(r"\$\{([^}]*)\}", text))


def _merged(first: Any, second: Any) -> Any:
    """Merge as Chalice does: maps merge, anything else is replaced."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    return {**first, **{key: _merged(first.get(key), one) for key, one in second.items()}}
