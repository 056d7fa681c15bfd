"""Takes a table or a secret that an earlier stack left behind into a new one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import click

from infra.deploy import change_set
from infra.deploy.bucket import Bucket
from infra.deploy.data_guard import SECRET, TABLE
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stacks
from infra.deploy.template import Template, changed_parameters

# By what CloudFormation recognises a resource that it has not made.
_IDENTIFIERS = {TABLE: "TableName", SECRET: "Id"}


def adopt(
    stacks: Stacks,
    bucket: Bucket,
    template: Template,
    adopted: Mapping[str, str],
    given: Mapping[str, str],
) -> None:
    """Make a stack of nothing but these resources; the deploy then updates it. Raises Refused.

    Two steps, because an import takes no template with resources that are yet to be made.
    """
    name = bucket.target.stack
    resources = {one: _resource(template, one) for one in adopted}
    sections = ("AWSTemplateFormatVersion", "Parameters", "Conditions")
    small = Template({**{one: template.document.get(one, {}) for one in sections}, "Resources": resources})
    imported = [
        {
            "ResourceType": resource["Type"],
            "LogicalResourceId": one,
            "ResourceIdentifier": {_IDENTIFIERS[resource["Type"]]: adopted[one]},
        }
        for one, resource in resources.items()
    ]
    prepared = change_set.prepare(
        stacks,
        StackName=name,
        ChangeSetName=f"adopt-{uuid.uuid4().hex}",
        ChangeSetType="IMPORT",
        TemplateURL=bucket.put_template(small.text()),
        Parameters=changed_parameters(small, bucket.target.stage, given, None),
        ResourcesToImport=imported,
    )
    if prepared is None:
        raise Refused("CloudFormation finds nothing to adopt.")
    change_set.show(prepared.changes)
    outcome = stacks.operate(
        prepared.stack_id,
        lambda: stacks.client.execute_change_set(
            ChangeSetName=prepared.change_set_id, StackName=prepared.stack_id
        ),
    )
    if outcome.status != "IMPORT_COMPLETE":
        # What the stack may know is kept when it is deleted; the stack is only in the way of another try.
        stacks.operate(prepared.stack_id, lambda: stacks.client.delete_stack(StackName=prepared.stack_id))
        raise Refused(f"Nothing was adopted, and nothing was changed: {outcome.cause()}.")
    click.echo(f"Adopted {', '.join(f'{one} {adopted[one]}' for one in sorted(adopted))}.")


def _resource(template: Template, name: str) -> dict[str, str]:
    resource: dict[str, str] = template.document["Resources"].get(name, {})
    if resource.get("Type") not in _IDENTIFIERS:
        able = [one for one, it in template.document["Resources"].items() if it["Type"] in _IDENTIFIERS]
        raise Refused(f"{name} cannot be adopted; {' and '.join(sorted(able))} can.")
    return resource
