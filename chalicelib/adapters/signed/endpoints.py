"""Endpoints of AWS services, by botocore's own rules."""

from __future__ import annotations

from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader


def endpoint(service: str, region: str) -> str:
    """Return the URL of a service in a region, of any partition."""
    loader = Loader()
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    return str(provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False).url)
