"""What is read from the source about what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.options import PROJECT
from infra.deploy.packaging.evidence import Mention, Needs, needs_of
from infra.deploy.refusal import Refused
from infra.template.build import copy_source


def needs(folder: Path, code: str, pyproject: str = "", vendor: str = "") -> Needs:
    """Return the needs of a project whose one module of functions has this code."""
    project, source = folder / "project", folder / "source"
    for name, text in {
        "app.py": "",
        "chalicelib/__init__.py": "",
        "chalicelib/notes.py": code,
        "vendor/borrowed.py": vendor,
        "pyproject.toml": pyproject,
        "infra/__init__.py": "",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    source.mkdir()
    copy_source(project, source)
    return needs_of(source, project)


@pytest.mark.parametrize(
    "code",
    [
        "import boto3\nboto3.client('s3')",
        "import boto3\nboto3.resource('s3', region_name='x')",
        "import boto3\nboto3.Session().client(service_name='s3')",
        "from botocore.session import get_session\nget_session().create_client('s3')",
        "def f():\n    return session().client('s3')",
        "from boto3 import client\nclient('s3')",
    ],
)
def test_a_service_is_named_by_a_literal(tmp_path: Path, code: str) -> None:
    found = needs(tmp_path, code)
    assert found.services == {"s3"}
    assert {one.place for one in found.clients | found.possible} == {"chalicelib/notes.py:2"}
    assert found.certain == ({"s3"} if "boto3.client" in code or "boto3.resource" in code else set())


def test_services_can_be_listed_and_vendored_code_counts(tmp_path: Path) -> None:
    listed = '[tool.gatehouse]\naws-services = ["sqs"]'
    assert needs(tmp_path, "", listed, vendor="clients('x')\nb.client('sns')").services == {"sqs", "sns"}


def test_a_service_that_cannot_be_read_must_be_listed(tmp_path: Path) -> None:
    with pytest.raises(Refused) as told:
        needs(tmp_path / "1", "import boto3\nname = 's3'\nboto3.client(name)")
    assert told.value.message == (
        "chalicelib/notes.py:3 asks boto3 for a service whose name is no literal: "
        'list it in pyproject.toml, as in [tool.gatehouse] aws-services = ["s3"].'
    )
    listed = '[tool.gatehouse]\naws-services = ["s3"]'
    assert needs(tmp_path / "2", "import boto3\nboto3.client(name)", listed).services == {"s3"}


def test_a_list_of_the_wrong_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="must list services as in"):
        needs(tmp_path, "", '[tool.gatehouse]\naws-services = "s3"')


def test_what_is_not_python_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"could not be compiled: chalicelib/notes.py: .*line 2"):
        needs(tmp_path, "import os\ndef def")


def test_imports_of_others_are_needed_but_for_optional_ones(tmp_path: Path) -> None:
    code = """
import os, yaml
from requests.adapters import HTTPAdapter
from chalicelib import other
from . import sibling
from infra.local import anything
import borrowed
if TYPE_CHECKING:
    import only_types
try:
    import faster
except ImportError:
    faster = None
def later():
    try:
        import inside
    except ValueError:
        pass
"""
    modules = needs(tmp_path, code, vendor="import unknown").modules
    assert modules == {
        Mention("yaml", "chalicelib/notes.py:2"),
        Mention("requests.adapters", "chalicelib/notes.py:3"),
        Mention("inside", "chalicelib/notes.py:16"),
    }


def test_the_source_of_the_project(tmp_path: Path) -> None:
    copy_source(PROJECT, tmp_path)
    found = needs_of(tmp_path, PROJECT)
    assert {"dynamodb", "secretsmanager"} <= found.services
    assert {"boto3", "botocore.exceptions", "bcrypt", "jwt", "chalice.app"} <= {
        one.name for one in found.modules
    }
