"""`make new-function`: four files, written once, and refusals that leave everything as it was."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from infra.new_function.command import write
from infra.template.own_functions import resources

EMPTY = "Globals:\n  Function:\n    Environment:\n      Variables:\n\nResources:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("infra", ".chalice"):
        (tmp_path / name).mkdir()
    (tmp_path / "infra" / "functions.yaml").write_text(EMPTY, encoding="utf-8")
    (tmp_path / ".chalice" / "policy-functions.json").write_text('{"Statement": []}', encoding="utf-8")
    return tmp_path


def contents(project: Path) -> dict[str, str]:
    return {
        str(one.relative_to(project)): one.read_text("utf-8") for one in project.rglob("*.*") if one.is_file()
    }


def test_it_writes_four_parts_and_then_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, "to_dos")
    assert capsys.readouterr().out.count("Wrote ") == 4
    once = contents(project)
    assert '@blueprint.route("/to-dos", methods=["POST"]' in once["chalicelib/functions/to_dos.py"]
    own = resources(project, "prod")
    assert own["Resources"]["ToDosTable"]["Properties"]["TableName"] == "gatehouse-prod-to-dos"
    assert own["Globals"]["Function"]["Environment"]["Variables"] == {"TO_DOS_TABLE": {"Ref": "ToDosTable"}}
    (statement,) = json.loads(once[".chalice/policy-functions.json"])["Statement"]
    assert statement["Resource"]["Fn::Sub"].endswith(":table/gatehouse-${Stage}-to-dos")
    write(project, "to_dos")
    assert capsys.readouterr().out == "Nothing to do: to_dos is there.\n"
    assert contents(project) == once


def test_a_second_one_is_added(project: Path) -> None:
    write(project, "notes")
    write(project, "books")
    assert set(resources(project, "prod")["Resources"]) == {"NotesTable", "BooksTable"}


@pytest.mark.parametrize("name", ["", "Notes", "1a", "a b", "a-b", "class", "a__b", "a_", "a" * 32, "../x"])
def test_a_bad_name_is_refused(project: Path, name: str) -> None:
    before = contents(project)
    with pytest.raises(click.ClickException, match="is not a valid name: NAME must be"):
        write(project, name)
    assert contents(project) == before


def test_what_is_edited_is_not_overwritten(project: Path) -> None:
    write(project, "notes")
    (project / "chalicelib" / "functions" / "notes.py").write_text("edited", encoding="utf-8")
    before = contents(project)
    with pytest.raises(click.ClickException, match=r"notes\.py exists already: choose another NAME"):
        write(project, "notes")
    assert contents(project) == before


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("infra/functions.yaml", "Resources: {}\n", "has no separate line `Variables:`"),
        (".chalice/policy-functions.json", "{", "is not an IAM policy in JSON"),
    ],
)
def test_a_file_without_a_place_for_it_is_refused(project: Path, file: str, text: str, sentence: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    before = contents(project)
    with pytest.raises(click.ClickException) as refused:
        write(project, "notes")
    assert sentence in refused.value.message
    assert contents(project) == before
