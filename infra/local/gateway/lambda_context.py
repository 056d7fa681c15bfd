"""The second argument of a Lambda function."""

from __future__ import annotations

from chalice.local import LambdaContext

from infra.local.stack.names import ACCOUNT, REGION, STACK

_MEMORY_MB = 256
# API Gateway gives up on a function after 29 s, whatever the function's own timeout.
_TIMEOUT_MS = 29_000


def lambda_context(function_name: str) -> LambdaContext:
    """Return a context of its own for one invocation."""
    name = f"{STACK}-{function_name}"
    context = LambdaContext(name, _MEMORY_MB, _TIMEOUT_MS)
    context.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return context
