"""What `chalice package` makes of the app and our template, and what SAM's transform makes of that.

The zip is left out: building one takes a package index, and the template does not depend on what is in it.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.deploy.deployer import DeploymentPackager
from chalice.package import PackageOptions, create_app_packager
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from infra.local.stack.template import TEMPLATE

PROJECT = TEMPLATE.parents[1]
REGION = "eu-west-1"
FUNCTIONS = ("APIHandler", "Bearer", "Rotate")


class NoZip(DeploymentPackager):
    """Chalice's packager of the code, without the code."""

    def __init__(self, folder: Path) -> None:
        self._zip = folder / "empty.zip"
        self._zip.touch()

    def handle_deploymentpackage(self, config: object, resource: Any) -> None:
        resource.filename = str(self._zip)


class NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@cache
def packaged(stage: str = "prod") -> str:
    """Return the text of the template that Chalice writes for a stage."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        factory = CLIFactory(str(PROJECT), environ=os.environ)
        config = factory.create_config_obj(chalice_stage_name=stage)
        options = PackageOptions(TypedAWSClient(factory.create_botocore_session()))
        packager = create_app_packager(config, options, merge_template=str(TEMPLATE))
        build = packager._resource_builder._build_stage
        build._steps = [
            NoZip(Path(name)) if isinstance(step, DeploymentPackager) else step for step in build._steps
        ]
        packager.package_app(config, name, stage)
        return (Path(name) / "sam.yaml").read_text()


@cache
def document(stage: str = "prod") -> dict[str, Any]:
    """Return the packaged template. Not to be changed: every test reads the same one."""
    parsed: dict[str, Any] = yaml_parse(packaged(stage))
    return parsed


@cache
def transformed(stage: str = "prod") -> dict[str, Any]:
    """Return the template after the transform that CloudFormation applies."""
    parsed = yaml_parse(packaged(stage))
    for resource in parsed["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        result: dict[str, Any] = transform(parsed, {}, NoManagedPolicies())
    return result
