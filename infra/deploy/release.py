"""The way of a deploy, step by step."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code
from infra.deploy import adoption, change_set, data_guard, remains, settling, words
from infra.deploy.account import Account
from infra.deploy.bucket import Bucket
from infra.deploy.change_set import ChangeSet
from infra.deploy.packaging.build import Package, build
from infra.deploy.packaging.runtime import ARCHITECTURES
from infra.deploy.patience import Patience
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, Stacks
from infra.deploy.target import Target
from infra.deploy.template import PACKAGE, RELEASE, Template, changed_parameters, make_template
from infra.operate.deployment import Deployment, open_deployment
from infra.operate.smoke import run_smoke

PROJECT = Path(__file__).resolve().parents[2]
_ARCHITECTURE = "Architecture"
# A template with a transform, and roles for the functions: CloudFormation wants both to be expected.
_CAPABILITIES = ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"]
_OVERTAKEN = {"ChangeSetNotFound", "InvalidChangeSetStatus"}
_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


@dataclass(frozen=True)
class Order:
    """What is to be deployed, and how."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    allow_data_loss: frozenset[str] = frozenset()
    adopt: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    yes: bool = False
    wait: bool = False
    smoke: bool = True


@dataclass(frozen=True)
class Tools:
    """What a deploy needs from outside: time, the source, and a look at what has been deployed."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    project: Path = PROJECT
    template: Callable[[Path, str], Template] = make_template
    package: Callable[[Path, str], Package] = build
    smoke: Callable[[Deployment], bool] = run_smoke


@dataclass(frozen=True)
class Release:
    """One deploy of one stage."""

    target: Target
    order: Order
    tools: Tools

    def run(self) -> None:
        """Deploy. Raises Refused, or what botocore raises."""
        words.head(self.target)
        stack = self._settle()
        built, template = self._build(stack)
        if self._is_deployed(stack, template):
            words.nothing_to_do(template.release)
            return
        self.bucket.ensure()
        self.bucket.put_package(built)
        if not self.order.dry_run and self._value(template, stack, "AccessLogs") == "on":
            self.account.ensure_log_role()
        if self.order.adopt:
            adoption.adopt(self.stacks, self.bucket, template, self.order.adopt, self._given(stack))
            stack = self.stacks.find(self.target.stack)
        prepared = self._prepare(stack, template)
        if prepared is None:
            words.nothing_to_do(template.release)
        elif self._is_wanted(prepared):
            self._execute(prepared)
            # The code before this one stays as well: it is what a rollback of the next deploy may go back to.
            self.bucket.supersede_all_but(
                {self.bucket.key(built), stack.outputs.get(PACKAGE, "") if stack else ""}
            )
            self._look()

    @cached_property
    def stacks(self) -> Stacks:
        """Return CloudFormation."""
        patience = Patience(
            self.tools.sleep, self.tools.clock, f"make deploy STAGE={self.target.stage} WAIT=1"
        )
        return Stacks(self.target.client("cloudformation"), patience)

    @cached_property
    def account(self) -> Account:
        """Return what the stage shares with others."""
        return Account(self.target, self.tools.sleep)

    @cached_property
    def bucket(self) -> Bucket:
        """Return the bucket of this account and region."""
        return Bucket(self.target, self.target.client("s3"))

    def _settle(self) -> Stack | None:
        stack = settling.settle(
            self.stacks, self.target, self._discard_data, wait=self.order.wait, dry_run=self.order.dry_run
        )
        if self.order.adopt and stack is not None:
            raise Refused(f"Stack {self.target.stack} exists, and only a new stack can adopt.")
        return stack

    def _build(self, stack: Stack | None) -> tuple[Package, Template]:
        """Make the package, for the architecture that is given, or deployed, or the template's own."""
        template = self.tools.template(self.tools.project, self.target.stage)
        # A parameter that does not exist is told before minutes are spent.
        changed_parameters(template, self.target.stage, self.order.parameters, None)
        architecture = self._value(template, stack, _ARCHITECTURE)
        if architecture not in ARCHITECTURES:
            raise Refused(f"Lambda has no architecture {architecture}; it has {' and '.join(ARCHITECTURES)}.")
        built = self.tools.package(self.tools.project, architecture)
        words.package(built, architecture)
        return built, template.with_code(self.bucket.name, self.bucket.key(built))

    def _is_deployed(self, stack: Stack | None, template: Template) -> bool:
        """Tell whether the stack is made of just this; CloudFormation itself always deploys the API anew."""
        if stack is None or stack.status not in _GOOD or stack.outputs.get(RELEASE) != template.release:
            return False
        given = self.order.parameters.items()
        return all(stack.parameters.get(name) == value for name, value in given)

    def _prepare(self, stack: Stack | None, template: Template) -> ChangeSet | None:
        return change_set.prepare(
            self.stacks,
            StackName=self.target.stack,
            ChangeSetName=f"deploy-{uuid.uuid4().hex}",
            ChangeSetType="UPDATE" if stack else "CREATE",
            Description=f"Release {template.release}",
            TemplateURL=self.bucket.put_template(template.text()),
            Parameters=self._parameters(template, stack),
            Capabilities=_CAPABILITIES,
        )

    def _parameters(self, template: Template, stack: Stack | None) -> list[dict[str, Any]]:
        previous = stack.parameters if stack else None
        return changed_parameters(template, self.target.stage, self._given(stack), previous)

    def _given(self, stack: Stack | None) -> Mapping[str, str]:
        """Return the parameters that are given, for a new stack after what the account suggests."""
        return self.order.parameters if stack else {**self._suggested, **self.order.parameters}

    @cached_property
    def _suggested(self) -> Mapping[str, str]:
        return {} if "ApiConcurrency" in self.order.parameters else self.account.reserved()

    def _value(self, template: Template, stack: Stack | None, parameter: str) -> str:
        """Return what a parameter will be: what is given, else what the stack has, else the default."""
        default = str(template.parameters[parameter]["Default"])
        deployed = stack.parameters.get(parameter, default) if stack else default
        return self.order.parameters.get(parameter, deployed)

    def _is_wanted(self, prepared: ChangeSet) -> bool:
        """Show the changes, and ask where data is at stake. A change set that is not wanted is deleted."""
        with ExitStack() as otherwise:
            otherwise.callback(change_set.discard, self.stacks, prepared)
            click.echo("Changes")
            change_set.show(prepared.changes)
            data_guard.guard(
                prepared.changes, self.order.allow_data_loss, yes=self.order.yes or self.order.dry_run
            )
            if self.order.dry_run:
                click.echo("A dry run: nothing was changed.")
                return False
            otherwise.pop_all()
        return True

    def _execute(self, prepared: ChangeSet) -> None:
        outcome = self.stacks.operate(prepared.stack_id, lambda: self._begin(prepared))
        if outcome.status in _GOOD:
            return
        if outcome.status == "ROLLBACK_FAILED":
            outcome.status = settling.clear_away(self.stacks, prepared.stack_id, self._discard_data)
        raise Refused(f"The deploy failed: {outcome.cause()}. {words.afterwards(outcome.status)}")

    def _discard_data(self, stack_id: str) -> None:
        remains.discard_unused(self.stacks.resources(stack_id), self.target, self.tools.sleep)

    def _begin(self, prepared: ChangeSet) -> None:
        token = uuid.uuid4().hex  # the same for every try, so that it begins once
        try:
            self.stacks.patience.ask(
                lambda: self.stacks.client.execute_change_set(
                    ChangeSetName=prepared.change_set_id,
                    StackName=prepared.stack_id,
                    ClientRequestToken=token,
                    # A first deploy that fails leaves no table behind, whatever the table's own policy says.
                    RetainExceptOnCreate=True,
                )
            )
        except ClientError as error:
            if error_code(error) not in _OVERTAKEN:
                raise
            raise Refused(
                f"Another deploy of {self.target.stack} came first, and nothing of this one was done: "
                "run it again."
            ) from error

    def _look(self) -> None:
        """Check what was deployed, as an app would, and say how to go on."""
        stack = self.stacks.find(self.target.stack)
        outputs = stack.outputs if stack else {}
        deployment = open_deployment(self.target.stage, self.target.region)
        # At AWS's own address where that answers: a new domain leads there only once its owner has said so.
        seen = replace(deployment, api_url=outputs.get("AwsURL", deployment.api_url))
        if self.order.smoke and not self.tools.smoke(seen):
            raise Refused(
                f"The stack is deployed, but its smoke test failed: see above. {words.way_back(outputs)}"
            )
        words.done(deployment, self.target, outputs)
