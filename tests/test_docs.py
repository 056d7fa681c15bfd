"""What CONTRIBUTING.md and docs/architecture.md name exists."""

from __future__ import annotations

import re

import pytest

from tests.source_modules import ROOT
from tests.test_architecture import MAY_IMPORT

PAGES = ["CONTRIBUTING.md", "docs/architecture.md"]
_PATH = re.compile(r"`((?:app\.py|(?:chalicelib|infra|tests|docs|examples)/[^` ]*|requirements[^` ]*))`")
_LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_paths_and_links_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    paths, links = _PATH.findall(text), _LINK.findall(text)
    assert paths
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)|^make ([a-z]+)", (ROOT / page).read_text("utf-8"))) <= {
        (name, "") for name in targets
    } | {("", name) for name in targets}


def test_every_package_is_in_the_table_of_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    packages = [name for name in MAY_IMPORT if name not in {"app", "infra"}]
    assert [name for name in packages if f"| `chalicelib/{name}" not in text] == []
