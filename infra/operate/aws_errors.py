"""Messages for errors of AWS calls, with a remedy if one is known."""

from __future__ import annotations

from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.aws_errors import error_code

_NO_CREDENTIALS = (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)
_SIGNED_OUT = (aws.SSOError, aws.TokenRetrievalError)
_UNREACHABLE = (aws.HTTPClientError, aws.ConnectionError)
_REFUSED_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SIGN_IN_HELP = "run `aws sso login` or `aws configure`, or set AWS_PROFILE"


def aws_sentence(error: BotoCoreError | ClientError) -> str:
    """Return one sentence that describes the error and, if known, the remedy."""
    if isinstance(error, ClientError):
        return _answered(error)
    text = _one_line(str(error))
    for kinds, sentence in (
        (
            _NO_CREDENTIALS,
            "There are no AWS credentials here: `aws sso login` or `aws configure`, or set AWS_PROFILE.",
        ),
        (_SIGNED_OUT, "The AWS sign-in has expired: run `aws sso login`, then repeat the command."),
        (
            aws.ProfileNotFound,
            f"{text.rstrip('.')}: set AWS_PROFILE to one that `aws configure list-profiles` shows.",
        ),
        (aws.NoRegionError, "No AWS region is set: name one with --region, or set AWS_REGION."),
        (
            _UNREACHABLE,
            f"AWS cannot be reached: check the network, the proxy and the region ({text.rstrip('.')}).",
        ),
    ):
        if isinstance(error, kinds):
            return sentence
    return f"{text}."


def _answered(error: ClientError) -> str:
    code, text = error_code(error), _one_line(str(error.response.get("Error", {}).get("Message")))
    if code in _REFUSED_CREDENTIALS:
        return f"AWS rejects the credentials ({code}): {_SIGN_IN_HELP}."
    if code in _DENIED:
        return f"AWS refused ({code}): {text}; docs/policies.md says what a command needs."
    return f"AWS refused ({code}): {text}."


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
