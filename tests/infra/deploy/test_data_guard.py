"""What holds data is neither replaced nor deleted, unless told by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.deploy.change_set import Change
from infra.deploy.data_guard import losses
from infra.deploy.release import PROJECT
from infra.deploy.template import Template
from tests.infra.deploy.conftest import TEMPLATE, DeployHarness, refusal

Document = dict[str, Any]


def rename_the_table(document: Document) -> None:
    document["Resources"]["UsersTable"]["Properties"]["TableName"] = "another"


def change_the_keys(document: Document) -> None:
    document["Resources"]["UsersTable"]["Properties"]["KeySchema"].pop()


def remove_the_table(document: Document) -> None:
    table = document["Resources"].pop("UsersTable")
    document["Resources"]["AccountsTable"] = table
    document["Resources"] = json.loads(
        json.dumps(document["Resources"]).replace('"UsersTable"', '"AccountsTable"')
    )
    document["Outputs"] = json.loads(
        json.dumps(document["Outputs"]).replace('"UsersTable"', '"AccountsTable"')
    )


def rename_the_secret(document: Document) -> None:
    document["Resources"]["SigningSecret"]["Properties"]["Name"] = "another"


def generate_another_key(document: Document) -> None:
    document["Resources"]["SigningSecret"]["Properties"]["GenerateSecretString"]["PasswordLength"] = 128


@pytest.mark.parametrize(
    ("change", "resource", "words"),
    [
        (rename_the_table, "UsersTable", "would be replaced by a new, empty one"),
        (change_the_keys, "UsersTable", "may be replaced by a new, empty one"),
        (remove_the_table, "UsersTable", "would no longer belong to the service"),
        (rename_the_secret, "SigningSecret", "would be replaced by a new, empty one"),
        (
            generate_another_key,
            "SigningSecret",
            "would get a new value, which makes every token of the old one void",
        ),
    ],
)
def test_a_loss_is_refused(
    deployed: DeployHarness,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Document], None],
    resource: str,
    words: str,
) -> None:
    deploy_instead(monkeypatch, change)
    sentence = refusal(deployed.deploy("--yes"))
    assert sentence == (
        f"This would lose data: {resource} {words}. Nothing was changed; "
        f"if it is meant, add --allow-data-loss {resource}."
    )
    assert "ExecuteChangeSet" not in deployed.aws.calls
    assert "DeleteChangeSet" in deployed.aws.calls


def test_another_name_does_not_allow_it(deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy_instead(monkeypatch, rename_the_table)
    result = deployed.deploy("--yes", "--allow-data-loss", "SigningSecret")
    assert refusal(result).startswith("This would lose data: UsersTable")
    assert "Nothing would be lost of SigningSecret" in result.output


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("n\n", "Nothing was changed."),
        ("", "Nobody answered, so nothing was changed; --yes answers for you."),
    ],
)
def test_allowed_by_name_it_still_asks(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch, answer: str, sentence: str
) -> None:
    deploy_instead(monkeypatch, generate_another_key)
    result = deployed.deploy("--allow-data-loss", "SigningSecret", answer=answer)
    assert refusal(result) == sentence
    assert "DATA LOSS: SigningSecret would get a new value" in result.output
    assert "ExecuteChangeSet" not in deployed.aws.calls


@pytest.mark.parametrize(("options", "answer"), [([], "y\n"), (["--yes"], None)])
def test_allowed_and_confirmed_it_is_done(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch, options: list[str], answer: str | None
) -> None:
    deploy_instead(monkeypatch, generate_another_key)
    result = deployed.deploy("--allow-data-loss", "SigningSecret", *options, answer=answer)
    assert result.exit_code == 0, result.output
    assert "ExecuteChangeSet" in deployed.aws.calls


def test_a_dry_run_tells_of_a_loss_without_asking(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_instead(monkeypatch, generate_another_key)
    assert deployed.deploy("--dry-run", "--allow-data-loss", "SigningSecret").exit_code == 0


@pytest.mark.parametrize(
    ("action", "replacement", "lost"),
    [
        ("Add", "False", False),
        ("Import", "False", False),
        ("Modify", "False", False),
        ("Modify", "Conditional", True),
        ("Modify", "True", True),
        ("Remove", "False", True),
        ("Dynamic", "False", True),
    ],
)
@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key"])
def test_what_counts_as_a_loss(kind: str, action: str, replacement: str, *, lost: bool) -> None:
    assert bool(losses([Change(action, "R", kind, replacement, ("Tags",))])) is lost
    assert losses([Change(action, "R", "AWS::Lambda::Function", replacement, ("Code",))]) == {}


def deploy_instead(patch: pytest.MonkeyPatch, change: Callable[[Document], None]) -> None:
    """Have the source describe something else from now on."""
    document = json.loads(TEMPLATE(PROJECT, "prod").text())
    change(document)
    patch.setattr("tests.infra.deploy.conftest.TEMPLATE", lambda *_: Template(document))
