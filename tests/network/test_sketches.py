"""Run the TypeScript sketch of docs/mobile-client.md against a server that follows the rules.

Node does not run TypeScript, and tests download no compiler. So the sketch has types only where a few lines
of Python can remove them: in whole statements, in signatures of one line, and after `let x`. Node reports
what is left by mistake as a syntax error.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mobile-client.md"
RUNNER = Path(__file__).with_name("sketch.mjs")
NODE = shutil.which("node")
SCENARIOS = re.findall(r'^  async "([^"]+)"\(\)', RUNNER.read_text(), re.MULTILINE)


def _sketch(language: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"one {language} sketch is expected"
    return str(blocks[0])


def _split(parameters: str) -> list[str]:
    """Split a list at its commas, except inside brackets."""
    depth, parts = 0, [""]
    for before, character in zip(" " + parameters, parameters, strict=False):
        opens, closes = character in "<({[", character in ")}]" or (character == ">" and before != "=")
        depth += opens - closes
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _bare(parameter: str) -> str:
    """Convert `name?: type = default` to `name = default`."""
    name, default = re.fullmatch(r"(\w+)\??:.*?( = .*)?", parameter).groups()  # type: ignore[union-attr]
    return name + (default or "")


def _without_types(typescript: str) -> str:
    """Remove the types from a sketch."""
    # Whole statements: `type X = …;` and `declare …;`, to the semicolon that ends a line at no indentation.
    text = re.sub(r"(?ms)^(type|declare) (?:[^\n]*;|.*?\n\};)[^\n;]*\n", "", typescript)
    text = re.sub(r"(?m)^(let \w+): .*?( = )", r"\1\2", text)
    text = re.sub(r"(?m)^(  \w+): \w+;$", r"\1;", text)  # a class's field
    return re.sub(
        r"(?m)^( *(?:(?:export |async )*function \w+|constructor))(?:<\w+>)?\((.*)\)(?:: .*)? \{$",
        lambda found: f"{found[1]}({', '.join(map(_bare, _split(found[2])))}) {{",
        text,
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Return the failure of each scenario, or None."""
    if NODE is None:
        pytest.skip("node is not installed, so the TypeScript sketch was not run")
    module = tmp_path_factory.mktemp("sketch") / "session.mjs"
    module.write_text(_without_types(_sketch("ts")))
    command = [NODE, str(RUNNER), str(module)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_typescript_sketch_follows_the_rules(report: dict[str, str | None], scenario: str) -> None:
    assert report[scenario] is None, report[scenario]


def test_only_types_are_removed() -> None:
    typescript = """\
type Two = { a: string; b?: number }; // gone
type Many = {
  a: string;
};
declare const BASE: string;
let last: Promise<Map<string, Two>> | null = null;
let count = 0;
  seconds: number;
  constructor(seconds: number) {
export async function f<T>(step: (x: T) => Promise<T>, call: Record<string, T> = {}): Promise<[T, T]> {
  return { seconds: count, label: `a: ${count}` };
"""
    assert (
        _without_types(typescript)
        == """\
let last = null;
let count = 0;
  seconds;
  constructor(seconds) {
export async function f(step, call = {}) {
  return { seconds: count, label: `a: ${count}` };
"""
    )
