"""The bucket that packages and templates pass through, one for each account and region."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from infra.deploy.packaging.build import Package
from infra.deploy.refusal import Refused
from infra.deploy.target import Target

_SUPERSEDED = {"Key": "superseded", "Value": "yes"}
_MISSING = {"404", "NoSuchKey", "NoSuchBucket"}
# A rollback needs the code that ran before, however long ago that was uploaded. So no age makes code expire,
# but a mark that it gets once two later releases have been deployed.
_LIFECYCLE = {
    "Rules": [
        {
            "ID": "superseded-code",
            "Status": "Enabled",
            "Filter": {"Tag": _SUPERSEDED},
            "Expiration": {"Days": 30},
        },
        {
            "ID": "templates",
            "Status": "Enabled",
            "Filter": {"Prefix": "templates/"},
            "Expiration": {"Days": 30},
        },
        {
            "ID": "broken-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
}
_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
_NOT_PUBLIC = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True)
class Bucket:
    """A bucket of this account. Every call says so: names of buckets are anybody's to take."""

    target: Target
    client: Any

    @property
    def name(self) -> str:
        """Return the name."""
        return f"gatehouse-deploy-{self.target.account}-{self.target.region}"

    def key(self, package: Package) -> str:
        """Return where a package lies: the same contents always lie in the same place."""
        return f"code/{self.target.stage}/{package.digest}.zip"

    def ensure(self) -> None:
        """Create the bucket if need be, and put its settings right. Raises Refused."""
        try:
            self.client.head_bucket(**self._ours)
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise Refused(
                    f"The bucket {self.name} is not to be had ({_code(error)}): either these credentials "
                    "may not use it, or another account has taken its name."
                ) from error
            self._create()
        self.client.put_public_access_block(**self._ours, PublicAccessBlockConfiguration=_NOT_PUBLIC)
        self.client.put_bucket_encryption(**self._ours, ServerSideEncryptionConfiguration=_ENCRYPTION)
        self.client.put_bucket_policy(**self._ours, Policy=json.dumps(self._policy()))
        self.client.put_bucket_lifecycle_configuration(**self._ours, LifecycleConfiguration=_LIFECYCLE)

    def put_package(self, package: Package) -> None:
        """Upload the code, unless it is there and here to stay."""
        key = self.key(package)
        if self._stays(key):
            click.echo(f"Upload    not needed: s3://{self.name}/{key} is there")
            return
        self.client.put_object(**self._ours, Key=key, Body=package.path.read_bytes())
        click.echo(f"Upload    s3://{self.name}/{key}")

    def put_template(self, text: str) -> str:
        """Upload a template, and return the URL by which CloudFormation reads it."""
        key = f"templates/{self.target.stage}/{hashlib.sha256(text.encode()).hexdigest()}.json"
        self.client.put_object(**self._ours, Key=key, Body=text.encode())
        return f"{self.client.meta.endpoint_url}/{self.name}/{key}"

    def supersede_all_but(self, keys: Collection[str]) -> None:
        """Let the code of this stage expire, but for these keys."""
        for key in self._keys(f"code/{self.target.stage}/"):
            if key not in keys:
                self.client.put_object_tagging(**self._ours, Key=key, Tagging={"TagSet": [_SUPERSEDED]})

    def _create(self) -> None:
        place: dict[str, Any] = {}
        if self.target.region != "us-east-1":  # the one region that must not be named
            place["CreateBucketConfiguration"] = {"LocationConstraint": self.target.region}
        self.client.create_bucket(Bucket=self.name, **place)
        click.echo(f"Bucket    {self.name} created")

    def _stays(self, key: str) -> bool:
        try:
            tags = self.client.get_object_tagging(**self._ours, Key=key)["TagSet"]
        except ClientError as error:
            if _code(error) in _MISSING:
                return False
            raise
        return _SUPERSEDED not in tags

    def _keys(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(**self._ours, Prefix=prefix)
        try:
            return [one["Key"] for page in pages for one in page.get("Contents", [])]
        except ClientError as error:
            if _code(error) in _MISSING:
                return []
            raise

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


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
