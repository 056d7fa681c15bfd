"""Token revocation (RFC 7009): revoking a refresh token or an access token ends its session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidGrant, InvalidToken, UnauthorizedClient
from chalicelib.domain.ports import Sessions
from chalicelib.domain.sessions.refresh_tokens import RefreshToken, is_genuine
from chalicelib.domain.sessions.session import EndReason, Session
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.tokens.claims import Credential
from chalicelib.oauth.bearer import AccessTokenVerifier
from chalicelib.oauth.clients import PresentedClient, public_client
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest


@dataclass(frozen=True, slots=True)
class Revocation:
    """The revocation endpoint (RFC 7009 §2). It ignores `token_type_hint`: the formats differ."""

    sessions: Sessions
    terminate: SessionTerminator
    clients: frozenset[str]
    authenticate_key: Callable[[PresentedClient, str], object]

    def __call__(self, request: TokenRequest, verifier: AccessTokenVerifier) -> bool:
        """End the session of a token. Return whether one was ended: an invalid token is no error (§2.2).

        Raises InvalidRequest, InvalidClient, InvalidGrant for a token of another client (§2.1),
        UnauthorizedClient for an API key, whose tokens end with the key, and Unavailable, after which the
        client must assume that the token is still valid (§2.2.1).
        """
        presented = required(request.parameters, "token")
        client = PresentedClient.of(request.parameters, request.authorization)
        if client.is_api_key:
            self.authenticate_key(client, request.issuer)
            raise UnauthorizedClient("api key at the revocation endpoint")
        client_id = public_client(client, self.clients)
        session = self._session_of_refresh_token(presented)
        if session is None:
            session = self._session_of_access_token(presented, verifier)
        if session is None:
            return False
        if session.client_id != client_id:
            raise InvalidGrant("other_client", user_id=session.user_id)
        return bool(self.terminate([session], EndReason.REVOKED))

    def _session_of_refresh_token(self, presented: str) -> Session | None:
        try:
            token = RefreshToken.parse(presented)
        except InvalidGrant:
            return None
        session = self.sessions.session(token.user_id, token.session_id).session
        return session if session is not None and is_genuine(session.family, token) else None

    @staticmethod
    def _session_of_access_token(presented: str, verifier: AccessTokenVerifier) -> Session | None:
        try:
            claims, session = verifier.look_up(presented)
        except InvalidToken:
            return None
        if claims.credential is Credential.API_KEY:
            raise InvalidGrant("other_client", user_id=claims.subject)
        return session
