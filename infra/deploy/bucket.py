"""The bucket of packages and templates, one for each account and region."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from infra.deploy.refusal import Refused
from infra.deploy.target import Target

_POLICIES = Path(__file__).with_name("policies")
# What a stack runs, or may be rolled back to, is among the newest versions, however old those are.
LIFECYCLE = json.loads((_POLICIES / "bucket-lifecycle.json").read_text("utf-8"))
VERSIONING_ATTEMPTS, VERSIONING_PAUSE_SECONDS = 31, 30
"""S3 may take 15 minutes until a new bucket keeps versions."""


@dataclass(frozen=True)
class Bucket:
    """A versioned bucket of this account. Every call names the account, since bucket names are global.

    S3 itself encrypts a new bucket and blocks public access to it. An object counts only as the version that
    this deploy has uploaded, never by its key.
    """

    target: Target
    client: Any
    sleep: Callable[[float], None]

    @property
    def name(self) -> str:
        """Return the name."""
        return f"gatehouse-deploy-{self.target.account}-{self.target.region}"

    def ensure(self) -> None:
        """Create the bucket if there is none, and correct its settings."""
        # us-east-1 is the one region that must not be named.
        configuration = {"LocationConstraint": self.target.region}
        place = {} if self.target.region == "us-east-1" else {"CreateBucketConfiguration": configuration}
        with suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
            self.client.create_bucket(Bucket=self.name, **place)
        policy = (_POLICIES / "bucket.json").read_text("utf-8").replace("PARTITION", self.target.partition)
        self.client.put_bucket_policy(**self._ours, Policy=policy.replace("BUCKET", self.name))
        self.client.put_bucket_versioning(**self._ours, VersioningConfiguration={"Status": "Enabled"})
        self.client.put_bucket_lifecycle_configuration(**self._ours, LifecycleConfiguration=LIFECYCLE)

    def upload(self, name: str, content: bytes) -> str:
        """Upload an object of the stage, checked by its SHA-256; return the version. Raises Refused."""
        request = {**self._ours, "Key": self.key(name), "Body": content, "ChecksumAlgorithm": "SHA256"}
        for _ in range(VERSIONING_ATTEMPTS):
            stored = self.client.put_object(**request)
            if stored.get("VersionId", "null") != "null":
                return str(stored["VersionId"])
            click.echo(f"Bucket    {self.name} is new and keeps no versions yet: waiting.")
            self.sleep(VERSIONING_PAUSE_SECONDS)
        raise Refused(f"The bucket {self.name} still keeps no versions: run this again later.")

    def read(self, name: str, version: str) -> bytes:
        """Return what was uploaded as one version."""
        found = self.client.get_object(**self._ours, Key=self.key(name), VersionId=version)
        return bytes(found["Body"].read())

    def key(self, name: str) -> str:
        """Return the key of one of the stage's objects."""
        return f"{self.target.stage}/{name}"

    def url(self, name: str, version: str) -> str:
        """Return the URL by which CloudFormation reads a template, in that version."""
        return f"{self.client.meta.endpoint_url}/{self.name}/{self.key(name)}?versionId={version}"

    @property
    def _ours(self) -> dict[str, str]:
        return {"Bucket": self.name, "ExpectedBucketOwner": self.target.account}
