"""One deploy of one stage, step by step: the data first, then the service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import click

from infra import parameters
from infra.deploy import guards, output
from infra.deploy.account import Account
from infra.deploy.bucket import Bucket
from infra.deploy.change_set import ChangeSet
from infra.deploy.data_stack import DataStack
from infra.deploy.options import DeployOptions, DeployTools
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, State
from infra.deploy.target import Target
from infra.operate.deployment import data_stack_name, open_deployment
from infra.template.build import Document, as_text, data_template, translated, with_code
from infra.verify.issuer import record_issuer
from infra.verify.settings import Verification

_DIGEST_CHARACTERS = 12
_PACKAGE, _RELEASE = "package.zip", "release.json"


@dataclass(frozen=True)
class Release:
    """A service template with a value for each of its parameters, but for those that the deploy writes."""

    document: Document
    values: Mapping[str, str]
    digest: str


@dataclass(frozen=True)
class Deployer:
    """One deploy of one stage."""

    target: Target
    options: DeployOptions
    tools: DeployTools

    def run(self) -> None:
        """Deploy. Raises Refused, or what botocore raises."""
        output.head(self.target)
        data = self._data.stack.ready(wait=self.options.wait)
        service = self._service.ready(wait=self.options.wait)
        if self.options.rollback:
            self._roll_back(data, service)
        else:
            self._deploy(data, service)

    def _deploy(self, data: State | None, service: State | None) -> None:
        data_document = data_template(self.tools.project, self.target.stage)
        merged = self.tools.template(self.tools.project, self.target.stage)
        declared = merged["Parameters"]
        parameters.check_names({**declared, **data_document["Parameters"]}, self.options.parameters)
        given = {**self.options.parameters, "Stage": self.target.stage}
        remembered = self._remembered(data, service)
        previous = {**_parameters(remembered), **_parameters(data)}
        values = parameters.resolve(declared, given, previous)
        data_values = parameters.resolve(data_document["Parameters"], given, _parameters(data))
        parameters.check_settings(values)
        guards.check_values(_parameters(service), values)
        package = self.tools.package(self.tools.project, values["Architecture"])
        output.package(package, values["Architecture"])
        if service is None:
            values |= self._account.suggestions({**previous, **self.options.parameters})
        release = self._release(merged, values, package.digest, remembered)
        data_digest = _digest(data_document, data_values, _tags(data, self.options.tags))
        data_document["Outputs"]["Release"] = {"Description": "Digest of this stack.", "Value": data_digest}
        is_kept = data is not None and data.is_protected and data.outputs.get("Release") == data_digest
        if is_kept and service and service.outputs.get("Release") == release.digest:
            click.echo(f"Nothing to deploy: release {release.digest} is what runs.")
            if not self.options.dry_run:
                record_issuer(open_deployment(self.target.stage, self.target.region), service.outputs)
            return
        self._bucket.ensure()
        if not is_kept:
            self._change_data(data, data_document, data_values)
        if service and service.outputs.get("Release") == release.digest:
            if not self.options.dry_run:
                self._check({**data_values, **values})
            return
        code = {
            "S3Bucket": self._bucket.name,
            "S3Key": self._bucket.key(_PACKAGE),
            "S3ObjectVersion": self._bucket.upload(_PACKAGE, package.path.read_bytes()),
        }
        document = with_code(release.document, code)
        document["Metadata"] = {"Gatehouse": {"Parameters": values, "Release": release.digest}}
        version = self._bucket.upload(_RELEASE, as_text(document).encode())
        if values["AccessLogs"] == "on" and not self.options.dry_run:
            self._account.ensure_log_role()
        release = replace(release, document=document)
        self._change_service(service, remembered, release, version, {**data_values, **values})

    def _roll_back(self, data: State | None, service: State | None) -> None:
        """Deploy the release before: its template, code and parameters. The data stays as it is."""
        version = _parameters(service).get("PreviousReleaseObject", "none")
        if version == "none":
            raise Refused(f"Stack {self.target.stack} has no release before this one to go back to.")
        document: Document = json.loads(self._bucket.read(_RELEASE, version))
        noted = document["Metadata"]["Gatehouse"]
        guards.check_values(_parameters(service), noted["Parameters"])
        click.echo(f"Rollback  to release {noted['Release']}, with the parameters that it had")
        release = Release(document, noted["Parameters"], noted["Release"])
        values = {**_parameters(data), **noted["Parameters"]}
        self._change_service(service, service, release, version, values)

    def _remembered(self, data: State | None, service: State | None) -> State | None:
        """Return whose parameters and tags count: a service that is put back has those that it had."""
        if service or not data:
            return service
        deleted = self._service.last_deleted()
        if deleted:
            click.echo("Service   was deleted; the parameters and tags that it had are used again")
        return deleted

    @cached_property
    def _account(self) -> Account:
        return Account(self.target, self.tools.sleep)

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self.target, self.target.client("s3"), self.tools.sleep)

    @cached_property
    def _service(self) -> Stack:
        return self._stack(self.target.stack)

    @cached_property
    def _data(self) -> DataStack:
        return DataStack(self.target, self._stack(data_stack_name(self.target.stage)))

    def _stack(self, name: str) -> Stack:
        resume = f"make deploy STAGE={self.target.stage} WAIT=1"
        client = self.target.client("cloudformation")
        return Stack(name, client, self.tools.sleep, resume, self.options.role_arn)

    def _release(
        self, merged: Document, values: dict[str, str], package: str, service: State | None
    ) -> Release:
        """Return the template as it will be, but for where its code lies."""
        ours = {name: value for name, value in values.items() if name not in parameters.NOT_GIVEN}
        digest = _digest(merged, {**ours, "Package": package}, _tags(service, self.options.tags))
        document = translated(merged, self.target.region, digest)
        description = "Digest of the template, the code and the parameters of this stack."
        document["Outputs"]["Release"] = {"Description": description, "Value": digest}
        for name in parameters.NOT_GIVEN:
            values.pop(name)
        return Release(document, values, digest)

    def _change_data(self, state: State | None, document: Document, values: Mapping[str, str]) -> None:
        if self.options.dry_run and state is None and self._data.describe_secret():
            click.echo(
                f"Data      of stage {self.target.stage} exists without a stack, and would be imported"
            )
            return
        change_set = self._data.prepare(state, document, values, _tags(state, self.options.tags))
        if change_set:
            output.changes(self._data.stack.name, change_set)
            if self.options.dry_run:
                self._data.stack.discard(change_set)
                return
            self._data.stack.execute(change_set)
        if not self.options.dry_run:
            self._data.protect()

    def _change_service(
        self,
        state: State | None,
        remembered: State | None,
        release: Release,
        version: str,
        values: Mapping[str, str],
    ) -> None:
        before = _parameters(remembered).get("ReleaseObject", "none")
        wanted = {**release.values, "ReleaseObject": version, "PreviousReleaseObject": before}
        change_set = self._service.prepare(
            "UPDATE" if state else "CREATE",
            wanted,
            _tags(remembered, self.options.tags),
            Description=f"Release {release.digest}",
            TemplateURL=self._bucket.url(_RELEASE, version),
            Capabilities=["CAPABILITY_IAM"],
            ImportExistingResources=True,  # tables of own functions that an earlier stack has left
        )
        if change_set is None:
            click.echo(f"Nothing to deploy: release {release.digest} is what runs.")
            return
        try:
            self._ask(change_set, release)
        except BaseException:
            self._service.discard(change_set)
            raise
        if self.options.dry_run:
            self._service.discard(change_set)
            click.echo("A dry run: nothing was changed.")
            return
        self._service.execute(change_set)
        self._check(values)

    def _ask(self, change_set: ChangeSet, release: Release) -> None:
        output.changes(self._service.name, change_set)
        secret = self._data.describe_secret() or {}
        seconds = int(release.values["AccessTokenSeconds"])
        guards.check_rotation(change_set.changes, secret, seconds, self.tools.clock())
        guards.ask_about_address(change_set.changes, yes=self.options.yes or self.options.dry_run)

    def _check(self, values: Mapping[str, str]) -> None:
        """Look at what was deployed, as AWS describes it and as an app sees it, and print how to go on."""
        state = self._service.find()
        outputs = state.outputs if state else {}
        deployment = open_deployment(self.target.stage, self.target.region)
        record_issuer(deployment, outputs)
        if self.options.check:
            # At AWS's own address where that answers: a new domain leads there once its owner says so.
            seen = replace(deployment, api_url=outputs.get("AwsURL", deployment.api_url))
            ready = self.tools.ready(seen.api_url, self.tools.sleep, self.tools.clock)
            click.echo("Settings" if ready else f"{seen.api_url} does not answer as it should yet.\nSettings")
            right = self.tools.verify(Verification(self.target.stage, values, outputs, self.target.client))
            if not (self.tools.smoke(seen, self.options.smoke_profile) and ready and right):
                raise Refused(
                    f"The stack is deployed, but not all is as it should be. {output.way_back(outputs)}"
                )
        output.done(deployment, self.target, outputs)


def _parameters(state: State | None) -> dict[str, str]:
    return state.parameters if state else {}


def _tags(state: State | None, given: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a stack: those that it has, and what is given; an empty value removes one."""
    tags = {**(state.tags if state else {}), **given}
    return {key: value for key, value in tags.items() if value}


def _digest(document: Document, values: Mapping[str, str], tags: Mapping[str, str]) -> str:
    text = json.dumps([as_text(document), dict(values), dict(tags)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
