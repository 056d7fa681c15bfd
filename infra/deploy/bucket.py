"""The bucket that packages and templates pass through, one for each account and region."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code
from infra.deploy.refusal import Refused
from infra.deploy.target import Target

_MISSING = {"404", "NoSuchBucket"}
_PAUSE_SECONDS, _ATTEMPTS = 15, 60
# What a stack runs, or may be rolled back to, is among the newest versions, however old those are.
_OLD_RELEASES = {
    "ID": "old-releases",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 50},
}
LIFECYCLE = {"Rules": [_OLD_RELEASES]}
_NOT_PUBLIC = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


@dataclass(frozen=True)
class Bucket:
    """A versioned bucket of this account. Every call names the account: anyone may take a bucket's name.

    S3 encrypts it by default.
    An object counts only as the version that this deploy has uploaded, never by its key.
    """

    target: Target
    client: Any
    sleep: Callable[[float], None]

    @property
    def name(self) -> str:
        """Return the name."""
        return f"gatehouse-deploy-{self.target.account}-{self.target.region}"

    def ensure(self) -> None:
        """Create the bucket if need be, and put its settings right. Raises Refused."""
        try:
            self.client.head_bucket(**self._ours)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise Refused(
                    f"The bucket {self.name} cannot be used ({error_code(error)}): either these credentials "
                    "may not use it, or another account has taken its name."
                ) from error
            self._create()
        self.client.put_public_access_block(**self._ours, PublicAccessBlockConfiguration=_NOT_PUBLIC)
        self.client.put_bucket_policy(**self._ours, Policy=json.dumps(self._policy()))
        self.client.put_bucket_versioning(**self._ours, VersioningConfiguration={"Status": "Enabled"})
        self.client.put_bucket_lifecycle_configuration(**self._ours, LifecycleConfiguration=LIFECYCLE)

    def upload(self, name: str, content: bytes) -> str:
        """Upload an object of the stage, held to its checksum; return the version. Raises Refused."""
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        for _ in range(_ATTEMPTS):
            stored = self.client.put_object(
                **self._ours, Key=self.key(name), Body=content, ChecksumSHA256=checksum
            )
            version = stored.get("VersionId", "null")
            if version != "null":
                return str(version)
            # Versioning of a new bucket takes up to 15 minutes to be known everywhere.
            self.sleep(_PAUSE_SECONDS)
        raise Refused(f"The bucket {self.name} does not keep versions yet: run this again in some minutes.")

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

    def _create(self) -> None:
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.target.region}}
        # us-east-1 is the one region that must not be named.
        self.client.create_bucket(Bucket=self.name, **(place if self.target.region != "us-east-1" else {}))
        click.echo(f"Bucket    {self.name} created")

    def _policy(self) -> dict[str, Any]:
        arn = f"arn:{self.target.partition}:s3:::{self.name}"
        statement = {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    @property
    def _ours(self) -> dict[str, str]:
        return {"Bucket": self.name, "ExpectedBucketOwner": self.target.account}
