"""Deploy or destroy one stage: the data first, then the service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import click

from infra import parameters
from infra.deploy import account, guards
from infra.deploy.bucket import Bucket
from infra.deploy.change_set import Change
from infra.deploy.data_stack import DataStack
from infra.deploy.options import PROJECT, DeployOptions, DeployTools
from infra.deploy.packaging.build import Package
from infra.deploy.refusal import Refused
from infra.deploy.release import Release, release_of
from infra.deploy.stack import Stack, State
from infra.deploy.target import Target
from infra.operate.deployment import data_stack_name, stack_name
from infra.template.build import Document, as_text, data_template, translated, with_code
from infra.verify.hints import print_next_steps, way_back
from infra.verify.issuer import record_issuer
from infra.verify.look import Deployed

_PACKAGE, _RELEASE = "package.zip", "release.json"


@dataclass(frozen=True)
class Deployer:
    """One deploy of one stage."""

    target: Target
    options: DeployOptions
    tools: DeployTools

    def run(self) -> None:
        """Deploy. Raises Refused, or what botocore raises."""
        click.echo(f"Stage     {self.target.stage} in account {self.target.account}, {self.target.region}")
        data = self.data.stack.ready()
        service = self.service.ready()
        if self.options.rollback:
            self._roll_back(service)
        else:
            self._deploy(data, service)

    def _deploy(self, data: State, service: State) -> None:
        document = data_template(PROJECT, self.target.stage)
        merged = self.tools.template(PROJECT, self.target.stage)
        declared = merged["Parameters"]
        parameters.check_names({**declared, **document["Parameters"]}, self.options.parameters)
        given = {**self.options.parameters, "Stage": self.target.stage}
        remembered = self._remembered(data, service)
        previous = {**remembered.parameters, **data.parameters}
        values = parameters.resolve(declared, given, previous)
        data_values = parameters.resolve(document["Parameters"], given, data.parameters)
        parameters.check_settings(values)
        values |= parameters.check_deploy(service.parameters, values, self.options.parameters)
        package = self.tools.package(PROJECT, values["Architecture"], pins=parameters.pins(values))
        package.print_report()
        if not service.exists:
            values |= account.suggestions(self.target, {**previous, **self.options.parameters})
        kept = release_of(document, data_values, self._tags(data))
        release = release_of(merged, values, self._tags(remembered), package.digest, self._translated)
        is_kept = kept.runs_as(data) and data.is_protected
        if is_kept and release.runs_as(service):
            click.echo(f"Nothing to deploy: release {release.digest} is what runs.")
            if not self.options.dry_run:
                record_issuer(self.target.stage, self.target.region, service.outputs)
            return
        self._bucket.ensure()
        if not is_kept:
            self.data.change(data, kept)
        if not release.runs_as(service):
            self._change_service(service, remembered, release, self._upload(release, package))
        elif not self.options.dry_run:
            self._check()

    def _roll_back(self, service: State) -> None:
        """Deploy the release before: its template, code and parameters. The data stays as it is."""
        version = service.parameters.get("PreviousReleaseObject", "none")
        if version == "none":
            raise Refused(f"Stack {self.service.name} has no release before this one to go back to.")
        document: Document = json.loads(self._bucket.read(_RELEASE, version))
        noted = document["Metadata"]["Gatehouse"]
        guards.confirm(parameters.check_rollback(service.parameters, noted), yes=self.options.yes)
        click.echo(f"Rollback  to release {noted['Release']}, with the parameters that it had")
        release = Release(document, noted["Parameters"], self._tags(service), noted["Release"])
        self._change_service(service, service, release, version)

    def destroy(self, *, delete_data: bool) -> None:
        """Delete the service, and on request the data. Can be repeated. Raises Refused."""
        state, data_state, stage = self.service.find(), self.data.stack.find(), self.target.stage
        if not state.exists and not delete_data:
            raise Refused(f"There is no stack {self.service.name} in {self.target.region}.")
        data = f"table {self.data.table} and signing key {self.data.secret}"
        where = f"{self.service.name} in account {self.target.account}, {self.target.region}"
        fate = "DELETE FOR GOOD" if delete_data else "keep"
        guards.confirm(f"Delete {where}, and {fate} {data}?", yes=self.options.yes)
        if state.exists:
            self.service.delete(state)
        if delete_data:
            self.data.delete(data_state)
            return
        name = self.data.stack.name
        click.echo(f"Kept      stack {name} with {data}")
        click.echo(f"To deploy the service again: make deploy STAGE={stage}")
        click.echo(f'To delete the data: make destroy STAGE={stage} ARGS="--delete-data {name}"')

    def _remembered(self, data: State, service: State) -> State:
        """Return the stack whose parameters and tags count: those of a deleted service are used again."""
        if service.exists or not data.exists:
            return service
        deleted = self.service.last_deleted()
        if deleted.exists:
            click.echo("Service   was deleted; the parameters and tags that it had are used again")
        return deleted

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self.target, self.target.client("s3"), self.tools.sleep)

    @cached_property
    def service(self) -> Stack:
        """Return the stack of the service."""
        return self._stack(stack_name(self.target.stage))

    @cached_property
    def data(self) -> DataStack:
        """Return the stack of the data."""
        return DataStack(self.target, self._stack(data_stack_name(self.target.stage)))

    def _stack(self, name: str) -> Stack:
        options, client = self.options, self.target.client("cloudformation")
        return Stack(name, client, self.tools.sleep, options.role_arn, options.dry_run)

    def _tags(self, state: State) -> dict[str, str]:
        """Return the tags of a stack: those that it has, and what is given; an empty value removes one."""
        tags = {**state.tags, **self.options.tags}
        return {key: value for key, value in tags.items() if value}

    def _translated(self, merged: Document, digest: str) -> Document:
        return translated(merged, self.target.region, digest)

    def _upload(self, release: Release, package: Package) -> str:
        """Upload code and template; return the version of the template's object. Raises Refused."""
        code = {
            "S3Bucket": self._bucket.name,
            "S3Key": self._bucket.key(_PACKAGE),
            "S3ObjectVersion": self._bucket.upload(_PACKAGE, package.path.read_bytes()),
        }
        document = with_code(release.document, code)
        noted = {"Parameters": dict(release.values), "Release": release.digest}
        document["Metadata"] = {"Gatehouse": noted}
        return self._bucket.upload(_RELEASE, as_text(document).encode())

    def _change_service(self, state: State, remembered: State, release: Release, version: str) -> None:
        """Deploy the release at `version` of the bucket; that of `remembered` is the one to go back to."""
        if release.values["AccessLogs"] == "on" and not self.options.dry_run:
            account.ensure_log_role(self.target, self.tools.sleep)

        def check(changes: tuple[Change, ...]) -> None:
            seconds = int(release.values["AccessTokenSeconds"])
            secret = self.data.describe_secret()
            guards.check_rotation(changes, secret, seconds, self.tools.clock())
            guards.ask_about_address(changes, yes=self.options.yes or self.options.dry_run)

        before = remembered.parameters.get("ReleaseObject", "none")
        is_changed = self.service.change(
            state,
            check,
            values={**release.values, "ReleaseObject": version, "PreviousReleaseObject": before},
            tags=release.tags,
            Description=f"Release {release.digest}",
            TemplateURL=self._bucket.url(_RELEASE, version),
            Capabilities=["CAPABILITY_IAM"],
            ImportExistingResources=True,  # tables of own functions that an earlier stack has left
        )
        if self.options.dry_run:
            click.echo("A dry run: nothing was changed.")
        elif is_changed:
            self._check()
        else:
            click.echo(f"Nothing to deploy: release {release.digest} is what runs.")

    def _check(self) -> None:
        """Check what was deployed, and print the next steps. Raises Refused."""
        data, service = self.data.stack.find(), self.service.find()
        values, outputs = {**data.parameters, **service.parameters}, service.outputs
        record_issuer(self.target.stage, self.target.region, outputs)
        deployed = Deployed(self.target.stage, self.target.region, values, outputs, self.target.client)
        if self.options.check and not self.tools.look(deployed, self.options.smoke_profile):
            raise Refused(f"The stack is deployed, but not all is as it should be. {way_back(outputs)}")
        print_next_steps(deployed)
