"""README's "Your own protected function", done to the letter in a copy of the project."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from infra.local.stack.demo import PASSWORD
from infra.operate.api_client import ApiClient
from tests.infra.local.test_process import environment

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Your own protected function")[2].partition("\n## ")[0]
LARGEST_APP = 30
MARK = "-- next --"


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert match is not None
    return match[1]


def edited(text: str, diff: str) -> str:
    """Apply what the README shows of a change, each part of which stands in the text once."""
    for part in diff.split("@@\n"):
        lines = part.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    unwanted = shutil.ignore_patterns("__pycache__", "deployments")
    for name in ("chalicelib", "infra", ".chalice"):
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in ("app.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    (folder / "chalicelib" / "api" / "routes" / "reports.py").write_text(block("python"), encoding="utf-8")
    app = folder / "app.py"
    app.write_text(edited(app.read_text(encoding="utf-8"), block("diff")), encoding="utf-8")
    return folder


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the words of our own documentation
        [sys.executable, *words], cwd=project, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    "words",
    [
        "ruff check --no-cache app.py chalicelib",
        "ruff format --check --no-cache app.py chalicelib",
        "mypy --cache-dir=/dev/null app.py chalicelib/api/routes/reports.py",
    ],
)
def test_it_passes_the_check(project: Path, words: str) -> None:
    done = run(project, "-m", *words.split())
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_leaves_the_app_as_short_as_it_has_to_be(project: Path) -> None:
    assert len((project / "app.py").read_text(encoding="utf-8").splitlines()) <= LARGEST_APP


@contextmanager
def served(project: Path) -> Iterator[str]:
    """Run the stack of the copy; return where its API is."""
    variables = environment(project / ".local", "0")
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
        command = re.search(r"^\.venv/bin/python (-m infra .*)$", SECTION, re.MULTILINE)
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
