"""Which pins are installed for Lambda, and for which platforms."""

from __future__ import annotations

import pytest

from infra.deploy.options import PROJECT
from infra.deploy.packaging.runtime import VERSION
from infra.deploy.packaging.wheels import pins_for_lambda, platforms

HASH = "--hash=sha256:aa"


def pinned(*entries: str, architecture: str = "x86_64") -> list[str]:
    text = "".join(
        f"{entry} \\\n    {HASH} \\\n    --hash=sha256:bb\n    # via something\n" for entry in entries
    )
    return [one.partition(" ")[0] for one in pins_for_lambda(text, architecture)]


def test_a_marker_is_read_for_lambda_and_taken_off() -> None:
    entries = [
        "always==1",
        f"new==1 ; python_full_version >= '{VERSION}'",
        f"old==1 ; python_full_version < '{VERSION}'",
        "windows==1 ; sys_platform == 'win32'",
        "linux==1 ; sys_platform == 'linux'",
        "arm==1 ; platform_machine == 'aarch64'",
    ]
    assert pinned(*entries) == ["always==1", "new==1", "linux==1"]
    assert pinned(*entries, architecture="arm64") == ["always==1", "new==1", "linux==1", "arm==1"]


def test_every_hash_is_kept() -> None:
    (line,) = pins_for_lambda(
        f"one[extra]==1 ; os_name == 'posix' \\\n    {HASH} \\\n    --hash=sha256:bb\n", "x86_64"
    )
    assert line == f"one[extra]==1 {HASH} --hash=sha256:bb"


@pytest.mark.parametrize("line", ["--no-index", f"./wheels/one-1-py3-none-any.whl {HASH}"])
def test_options_and_paths_are_left_alone(line: str) -> None:
    assert list(pins_for_lambda(f"{line}\n\n", "x86_64")) == [line]


def test_the_pins_of_the_project_are_all_read() -> None:
    text = (PROJECT / "requirements.txt").read_text("utf-8")
    pins = list(pins_for_lambda(text, "x86_64"))
    assert sum(line.count("--hash") for line in pins) + text.partition("aws-lambda")[0].count("--hash") == (
        text.count("--hash")
    ), "all but those of the first entry, which is for Windows"


@pytest.mark.parametrize(
    ("architecture", "first", "last"),
    [
        ("x86_64", "manylinux_2_34_x86_64", "manylinux1_x86_64"),
        ("arm64", "manylinux_2_34_aarch64", "manylinux2014_aarch64"),
    ],
)
def test_no_wheel_is_for_a_newer_glibc_than_lambda_has(architecture: str, first: str, last: str) -> None:
    found = platforms(architecture)
    assert (found[0], found[-1]) == (first, last)
    assert "manylinux_2_17_" + first.partition("_34_")[2] in found
