"""What is read from the source about what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.packaging.evidence import Needs, needs_of
from infra.deploy.refusal import Refused
from infra.template.build import copy_source

LISTED = '[tool.gatehouse]\naws-services = ["sqs"]'


def needs(folder: Path, code: str, pyproject: str = "", vendor: str = "") -> Needs:
    """Return the needs of a project whose one module of functions has this code."""
    project, source = folder / "project", folder / "source"
    for name, text in {
        "app.py": "",
        "chalicelib/notes.py": code,
        "vendor/borrowed.py": vendor,
        "pyproject.toml": pyproject,
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
    assert needs(tmp_path, code).services == {"s3": "chalicelib/notes.py:2"}


def test_services_can_be_listed_and_vendored_code_counts(tmp_path: Path) -> None:
    found = needs(tmp_path, "http.client('https://a')", LISTED, vendor="clients('s3')\nb.client('sns')")
    assert found.services == {"sqs": "aws-services in pyproject.toml", "sns": "borrowed.py:2"}


@pytest.mark.parametrize("argument", ["name", "'s33'"])
def test_a_service_that_is_not_known_by_a_literal_must_be_listed(tmp_path: Path, argument: str) -> None:
    with pytest.raises(Refused) as told:
        needs(tmp_path / "1", f"import boto3\nname = 's3'\nboto3.client({argument})")
    assert told.value.message == (
        "chalicelib/notes.py:3 asks boto3 for a service whose name is no literal, or unknown to botocore: "
        'list it in pyproject.toml, as in [tool.gatehouse] aws-services = ["s3"].'
    )
    assert set(needs(tmp_path / "2", f"boto3.client({argument})", LISTED).services) == {"sqs"}


def test_what_is_not_python_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"could not be compiled: chalicelib/notes.py: .*line 2"):
        needs(tmp_path, "import os\ndef def")


def test_imports_are_needed_but_for_optional_ones(tmp_path: Path) -> None:
    code = """
import yaml
from requests.adapters import HTTPAdapter
from . import sibling
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
    assert needs(tmp_path, code, vendor="import unknown").modules == {
        "yaml": "chalicelib/notes.py:2",
        "requests.adapters": "chalicelib/notes.py:3",
        "inside": "chalicelib/notes.py:13",
    }
