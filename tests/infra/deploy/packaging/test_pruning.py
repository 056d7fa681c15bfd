"""Which of the installed files are shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.deploy.packaging.evidence import Mention, Needs
from infra.deploy.packaging.pruning import Selection, roots_of
from infra.deploy.packaging.runtime import VERSION, marker_environment
from infra.deploy.refusal import Refused

SHIPPED = [
    "botocore/__init__.py",
    "botocore/data/endpoints.json",
    "botocore/data/s3/2006-03-01/service-2.json",
    "chalice/__init__.py",
    "chalice/app.py",
    "loose.py",
    "plugin/__init__.py",
    "plugin-1.dist-info/METADATA",
    "plugin-1.dist-info/entry_points.txt",
    "crypto/__init__.py",
    "cffi/__init__.py",
    "shared/__init__.py",
]
LEFT_OUT = [
    "bin/plugin",
    "botocore/data/ec2/2016-11-15/service-2.json",
    "boto3/examples/s3.rst",
    "boto3/data/ec2/2016-11-15/resources-1.json",
    "chalice/cli/__init__.py",
    "chalice/local.py",
    "inquirer/__init__.py",
    "plugin/stubs.pyi",
    "plugin/__pycache__/old.cpython-311.pyc",
    "plugin-1.dist-info/RECORD",
]


def distribution(site: Path, name: str, *requires: str, files: tuple[str, ...] = ()) -> None:
    """Describe an installed package."""
    folder = site / f"{name}-1.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", "Provides-Extra: crypto"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    (folder / "RECORD").write_text("".join(f"{one},,\n" for one in files))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for file in [*SHIPPED, *LEFT_OUT]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    distribution(tmp_path, "chalice", "inquirer", "botocore", "shared")
    distribution(tmp_path, "inquirer", files=("inquirer/__init__.py",))
    distribution(tmp_path, "botocore", files=("botocore/__init__.py",))
    distribution(tmp_path, "plugin", 'crypto ; extra == "crypto"', "shared")
    distribution(tmp_path, "crypto", f"cffi ; python_version >= '{VERSION}'", files=("crypto/__init__.py",))
    distribution(tmp_path, "cffi", files=("cffi/__init__.py",))
    distribution(tmp_path, "shared", files=("shared/__init__.py",))
    return tmp_path


def selection(*roots: str, services: tuple[str, ...] = ("s3",), imports: tuple[str, ...] = ()) -> Selection:
    needs = Needs(frozenset(Mention(one, "x.py:1") for one in imports), listed=frozenset(services))
    return Selection(roots_of("\n".join(roots)), needs, marker_environment("x86_64"))


def test_what_is_installed_is_shipped_unless_it_is_known_to_be_needless(site: Path) -> None:
    files = selection("chalice", "botocore", "plugin[crypto]").files(site)
    assert set(SHIPPED) <= set(files)
    assert not set(LEFT_OUT) & set(files)
    assert "plugin/__init__.py" in selection("chalice", "botocore").files(site), "pinned, so it is wanted"


def test_an_extra_keeps_what_chalice_would_have_dropped_too(site: Path) -> None:
    distribution(site, "chalice", "inquirer", "botocore", "crypto")
    assert "crypto/__init__.py" not in selection("chalice", "plugin").files(site)
    kept = selection("chalice", "plugin[crypto]  # signs", "other ; sys_platform == 'win32'").files(site)
    assert {"crypto/__init__.py", "cffi/__init__.py"} <= set(kept)


def test_an_extra_that_is_not_pinned_is_refused_with_what_mends_it(site: Path) -> None:
    shutil.rmtree(site / "cffi-1.dist-info")
    with pytest.raises(Refused) as told:
        selection("plugin[crypto]").files(site)
    assert told.value.message == (
        "requirements.in asks for cffi, and requirements.txt does not: run `make lock`."
    )


def test_all_of_chalice_is_kept_where_the_source_imports_more_of_it(site: Path) -> None:
    files = selection("chalice", imports=("chalice", "chalice.local")).files(site)
    assert {"chalice/local.py", "chalice/cli/__init__.py", "inquirer/__init__.py"} <= set(files)
    assert "chalice/local.py" not in selection("chalice", imports=("chalice.app",)).files(site)


def test_the_data_of_a_service_follows_its_name(site: Path) -> None:
    files = selection("botocore", services=("ec2",)).files(site)
    assert "boto3/data/ec2/2016-11-15/resources-1.json" in files
    assert "botocore/data/ec2/2016-11-15/service-2.json" in files
    assert "botocore/data/s3/2006-03-01/service-2.json" not in files


def test_comments_and_empty_lines_are_no_requirements() -> None:
    assert [str(one) for one in roots_of("# what\n\nchalice\npyjwt[crypto]>=2 # signs\n")] == [
        "chalice",
        "pyjwt[crypto]>=2",
    ]
