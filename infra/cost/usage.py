"""What AWS meters, and quantities of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

Usage = Mapping["Meter", float]
"""A quantity of each thing that is metered, in single units: one request, one GB, one alarm for a month."""


class Architecture(StrEnum):
    """The processor that the functions run on."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


class Meter(StrEnum):
    """A line of AWS's bill, in the order in which the tables here show them."""

    GATEWAY_REQUESTS = "api_gateway.requests"
    LAMBDA_REQUESTS = "lambda.requests"
    LAMBDA_X86_64 = "lambda.gb_seconds.x86_64"
    LAMBDA_ARM64 = "lambda.gb_seconds.arm64"
    WRITES = "dynamodb.write_units"
    READS = "dynamodb.read_units"
    STORED = "dynamodb.stored_gb_months"
    BACKUP = "dynamodb.backup_gb_months"
    SECRETS = "secrets.months"
    SECRET_CALLS = "secrets.calls"  # noqa: S105 - counted, not told
    LOGGED = "logs.ingested_gb"
    LOGS_KEPT = "logs.stored_gb_months"
    METRICS = "cloudwatch.metrics"
    ALARMS = "cloudwatch.alarms"
    DASHBOARDS = "cloudwatch.dashboards"
    SENT = "transfer.out_gb"


def times(usage: Usage, count: float) -> Usage:
    """Return the usage of so many."""
    return {meter: quantity * count for meter, quantity in usage.items()}


def together(*usages: Usage) -> Usage:
    """Return the sum."""
    total: dict[Meter, float] = {}
    for usage in usages:
        for meter, quantity in usage.items():
            total[meter] = total.get(meter, 0.0) + quantity
    return total
