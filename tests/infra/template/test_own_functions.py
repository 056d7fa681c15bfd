"""Own functions in the template: what is added, for whom it runs, and what is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.template.own_functions import chalice_config, resources, with_own_functions
from infra.template.refusal import CannotPackage
from tests.infra.template.packaged import PROJECT, document

TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "gatehouse-${Stage}-notes"}}}


def described(*routes: tuple[str, str], **functions: str) -> dict[str, Any]:
    """Return what Chalice generates for routes and further functions, as far as it matters here."""
    integration = {"uri": {"Fn::Sub": "arn:…/${APIHandler.Arn}/invocations"}}
    paths: dict[str, Any] = {}
    for method, path in routes:
        paths.setdefault(path, {"options": integration})[method] = integration
    made: dict[str, Any] = {
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Handler": handler, "Runtime": "python3.11", "Architectures": ["x86_64"]},
        }
        for name, handler in {"APIHandler": "app.app", **functions}.items()
    }
    made["ApiHandlerRole"] = {"Type": "AWS::IAM::Role", "Properties": {}}
    made["Bearer"] = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "theirs"}}
    made["RestAPI"] = {"Properties": {"DefinitionBody": {"paths": paths}}}
    return {"Resources": made}


def own(text: str, tmp_path: Any) -> dict[str, Any]:
    """Read a `infra/functions.yaml`."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "functions.yaml").write_text(text, encoding="utf-8")
    return resources(tmp_path, "prod")


def test_without_own_functions_the_template_is_that_of_the_service() -> None:
    assert with_own_functions(document(), {}, {}) == document()


def test_own_routes_lead_to_a_function_and_a_role_of_their_own() -> None:
    merged = with_own_functions(document(), described(("get", "/notes"), ("post", "/me")), {})
    paths = merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert "${Functions.Arn}" in json.dumps(paths["/notes"]["get"])
    assert "${Functions.Arn}" in json.dumps(paths["/notes"]["options"])
    assert "${Functions.Arn}" in json.dumps(paths["/me"]["post"])
    assert "${APIHandler.Arn}" in json.dumps(paths["/me"]["get"]), "the service's own routes stay"
    assert "${APIHandler.Arn}" in json.dumps(paths["/me"]["options"])
    assert merged["Resources"]["APIHandler"] == document()["Resources"]["APIHandler"]
    assert merged["Resources"]["Bearer"] == document()["Resources"]["Bearer"]
    assert "PermissionsBoundary" in merged["Resources"]["FunctionsRole"]["Properties"]


def test_own_binary_types_are_added_to_those_of_the_service() -> None:
    name = "x-amazon-apigateway-binary-media-types"
    made = described(("get", "/notes"))
    made["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][name] = ["image/png", "application/pdf"]
    merged = with_own_functions(document(), made, {})["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    before = document()["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][name]
    assert merged[name] == [*before, "application/pdf"]


@pytest.mark.parametrize("function", ["Functions", "Tick"])
def test_every_own_function_has_what_those_of_the_service_have(function: str) -> None:
    variables = {"Globals": {"Function": {"Environment": {"Variables": {"LIMIT": "3"}}}}}
    made = described(("get", "/notes"), Tick="chalicelib.functions.notes.tick")
    found = with_own_functions(document(), made, variables)["Resources"][function]["Properties"]
    ours = document()["Resources"]["Mail"]["Properties"]
    for name in ("Runtime", "Architectures", "Tracing"):
        assert found[name] == ours[name]
    assert found["LoggingConfig"] == {"LogGroup": {"Fn::Sub": "gatehouse-${Stage}-functions"}}
    assert found["Environment"]["Variables"] == {"GATEHOUSE_ROUTES": "functions", "LIMIT": "3"}


def test_a_function_without_an_entry_has_the_policy_and_the_memory_of_the_others() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
    made = chalice_config(config)
    assert (made["iam_policy_file"], made["lambda_memory_size"]) == ("policy-functions.json", 512)
    assert made["lambda_timeout"] == 60
    assert made["lambda_functions"]["api_handler"] == config["lambda_functions"]["functions"]


def test_data_of_your_own_is_kept_and_found_again_by_its_name(tmp_path: Any) -> None:
    table = own(json.dumps({"Resources": {"NotesTable": TABLE}}), tmp_path)["Resources"]["NotesTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["TableName"] == "gatehouse-prod-notes"


def test_data_that_may_be_lost_needs_no_name(tmp_path: Any) -> None:
    text = "Resources: {T: {Type: AWS::DynamoDB::Table, DeletionPolicy: Delete, Properties: {}}}"
    assert own(text, tmp_path)["Resources"]["T"]["DeletionPolicy"] == "Delete"


def test_an_entry_without_a_type_changes_a_function(tmp_path: Any) -> None:
    given = own("Resources: {Tick: {Properties: {Timeout: 120}}}", tmp_path)
    made = described(Tick="chalicelib.functions.notes.tick")
    found = with_own_functions(document(), made, given)["Resources"]["Tick"]["Properties"]
    assert (found["Timeout"], found["Handler"]) == (120, "chalicelib.functions.notes.tick")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Resources: {APIHandler: {Properties: {Timeout: 1}}}", "APIHandler has no Type"),
        ("Resources: {Bearer: {Type: AWS::SNS::Topic}}", "Bearer in Resources is a name of the service"),
        ("Parameters: {MailFrom: {Type: String}}", "MailFrom in Parameters is a name of the service"),
        ("Resources: {NotesTable: {Type: AWS::DynamoDB::Table}}", "gatehouse-${Stage}-notes-table"),
        ("Resources: {A: 1}", "A must have a Type"),
        ("Resource: {}", "may have the sections Conditions"),
        ("just text", "may have the sections Conditions"),
    ],
)
def test_what_cannot_be_merged_is_refused(tmp_path: Any, text: str, sentence: str) -> None:
    with pytest.raises(CannotPackage) as refused:
        with_own_functions(document(), {}, own(text, tmp_path))
    assert sentence in refused.value.message


def test_a_route_or_a_name_of_the_service_is_refused() -> None:
    with pytest.raises(CannotPackage, match="GET /me is a route of the service: choose another path"):
        with_own_functions(document(), described(("get", "/me")), {})
    for name in ("Mail", "Functions"):
        with pytest.raises(CannotPackage, match="A function of yours is named"):
            with_own_functions(document(), described(**{name: "chalicelib.functions.x.y"}), {})
