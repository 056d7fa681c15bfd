"""The recipes of docs/your-own-functions.md in a copy of the project: it passes its checks, and they work."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from infra.local.stack.demo import PASSWORD
from infra.operate.api_client import ApiClient
from infra.template.build import as_text, service_template, translated, with_code
from tests.infra.local.test_process import environment
from tests.infra.template.packaged import REGION
from tests.infra.template.resolved import Resolved
from tests.infra.template.test_template import lint
from tests.recipes import PAGE, copy_of_the_project, run, type_recipes
from tests.source_modules import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MARK = "-- next --"
ABOUT_THE_PROJECT = [
    "tests/functions",
    "tests/test_architecture.py",
    "tests/test_sizes.py",
    "tests/test_words.py",
    "tests/test_readme.py",
    "tests/test_docs.py",
    "tests/domain/test_errors.py",
    "tests/infra/template/test_own_rights.py",
]
THE_REST = [
    "tests/infra/template/test_parity.py",
    "tests/infra/template/test_policies.py",
    "tests/infra/template/test_template.py",
    "tests/infra/deploy/packaging",
    "tests/infra/lambda_runtime/test_contents.py",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of_the_project(tmp_path_factory.mktemp("project"))
    type_recipes(folder)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "ruff check --no-cache .",
        "ruff format --check --no-cache .",
        "mypy --cache-dir=/dev/null --follow-imports=silent -p chalicelib.functions",
    ],
)
def test_the_copy_passes_the_check(project: Path, words: str) -> None:
    done = run(project, "-m", *words.split())
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_and_those_about_the_project_hold(project: Path) -> None:
    done = run(project, "-m", "pytest", "-n0", "-x", *ABOUT_THE_PROJECT)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.soak
def test_the_rest_holds_too(project: Path) -> None:
    done = run(project, "-m", "pytest", "-n0", *THE_REST, seconds=600)
    assert done.returncode == 0, done.stdout[-3000:]


def test_it_is_packaged_apart_from_the_service(project: Path, tmp_path: Path) -> None:
    document = service_template(project, "prod")
    template = Resolved(translated(document, REGION, "a release"))
    functions = template.of_type("AWS::Lambda::Function")
    own = {name for name, one in functions.items() if one["LoggingConfig"]["LogGroup"].endswith("-functions")}
    assert own == {"Functions", "Tidy", "Partner"}
    for name in own:
        variables = functions[name]["Environment"]["Variables"]
        assert variables["GATEHOUSE_ROUTES"] == "functions"
        assert variables["GREETING"] == "Hello"
        role = template.properties(functions[name]["Role"].removesuffix(".Arn"))
        granted = [one["Sid"] for one in role["Policies"][0]["PolicyDocument"]["Statement"]]
        assert granted == ["WriteOwnLog", "WriteTraces", "UseNotesTable", "SendJobs"]
    assert "GREETING" not in functions["APIHandler"]["Environment"]["Variables"]
    table = template.resources["NotesTable"]
    assert (table["DeletionPolicy"], table["Properties"]["TableName"]) == ("Retain", "gatehouse-prod-notes")
    code = {"S3Bucket": "bucket", "S3Key": "key", "S3ObjectVersion": "version"}
    file = tmp_path / "template.json"
    file.write_text(as_text(with_code(translated(document, REGION, "a release"), code)))
    lint(file)


@pytest.mark.parametrize(
    ("routes", "absent", "present"),
    [
        ("service", "chalicelib.functions", "chalicelib.api.routes.token"),
        ("functions", "chalicelib.api.routes", "chalicelib.functions.reports"),
        ("functions", "chalicelib.oauth.token_endpoint", "chalicelib.functions.notes"),
        ("functions", "bcrypt", "chalicelib.functions.tidying"),
    ],
)
def test_each_function_imports_its_own_part_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch, routes: str, absent: str, present: str
) -> None:
    monkeypatch.setenv("GATEHOUSE_ROUTES", routes)
    done = run(project, "-c", "import app, sys, json; print(json.dumps(sorted(sys.modules)))")
    modules = json.loads(done.stdout)
    assert present in modules
    assert absent not in modules


@contextmanager
def served(project: Path) -> Iterator[str]:
    """Run the stack of the copy; return where its API is."""
    variables = {**environment(project / ".local", "0"), "GATEHOUSE_ROUTES": ""}
    command = [sys.executable, "-m", "infra.local"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=project, env=variables, text=True, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            greeting = re.match(r"Gatehouse runs at (http://[0-9.:]+)\. ", process.stdout.readline())
            assert greeting is not None
            yield greeting[1]
        finally:
            process.terminate()
            process.wait()


def structure(answer: str) -> list[object]:
    """Return the lines of an answer without their variable parts: of JSON the names, no dates."""
    lines = [
        line.rstrip() for line in answer.splitlines() if not line.startswith(("Date:", "Content-Length:"))
    ]
    return [sorted(json.loads(line)) if line.startswith("{") else line for line in lines]


def test_the_lines_to_try_work_as_pasted(project: Path, tmp_path: Path) -> None:
    (block,) = re.findall(
        r"```console\n(.*?)```", README.partition("\n## Start\n")[2].partition("\n## ")[0], re.DOTALL
    )
    steps = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    script = "\n".join(f"{command}\necho; echo {MARK}" for command, _ in steps)
    with served(project) as url:
        script = script.replace("http://127.0.0.1:8000", url).replace("/tmp/", f"{tmp_path}/")  # noqa: S108
        done = subprocess.run(  # noqa: S603 - the lines of our own documentation
            ["/bin/bash", "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
    answers = [one.strip("\n") for one in done.stdout.split(f"{MARK}\n")][: len(steps)]
    assert [structure(one) for one in answers] == [structure(shown.strip("\n")) for _, shown in steps]


def test_it_answers_as_documented(project: Path) -> None:
    with served(project) as url, closing(ApiClient(url, "demo@example.com", PASSWORD)) as app:

        def ask() -> requests.Response:
            bearer = {"Authorization": f"Bearer {app.access_token}"}
            return requests.get(f"{url}/reports", headers=bearer, timeout=10)

        app.sign_in()
        refused = ask()
        assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
        command = re.search(r"^\.venv/bin/python (-m infra .*)$", PAGE, re.MULTILINE)
        assert command is not None
        permitted = run(project, *shlex.split(command[1]))
        assert permitted.returncode == 0, permitted.stderr
        assert ask().status_code == 403, "a token says what was held when it was issued"
        app.sign_in()
        answer = ask()
        assert answer.status_code == 200
        assert answer.json() == {"reports of": app.me().json()["id"]}
        stranger = requests.get(f"{url}/reports", timeout=10)
        assert (stranger.status_code, stranger.json()["error"]) == (401, "unauthorized")
        assert requests.options(f"{url}/reports", timeout=10).status_code == 404
