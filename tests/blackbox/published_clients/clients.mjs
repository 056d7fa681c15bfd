// Published clients, told nothing but the issuer: they discover, sign in, refresh and verify. Prints what they got.
import * as jose from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const { issuer, username, password, isPublic } = JSON.parse(process.argv.at(-1));
const url = new URL(issuer);
// On a developer's machine there is no TLS; each of them refuses that rightly, unless it is asked.
const insecure = { [oauth.allowInsecureRequests]: true };
const results = {};

async function refusal(work) {
  try {
    await work();
    return "none";
  } catch (error) {
    return error.code ?? error.name;
  }
}

const config = await openid.discovery(url, "mobile-app", undefined, openid.None(), {
  execute: [openid.allowInsecureRequests],
});
const first = await openid.genericGrantRequest(config, "password", { username, password });
const second = await openid.refreshTokenGrant(config, first.refresh_token);
results.openid = [config.serverMetadata().issuer, first.token_type, second.access_token !== first.access_token];
await openid.tokenRevocation(config, second.refresh_token);
results.revoked = await refusal(() => openid.refreshTokenGrant(config, second.refresh_token));

const client = { client_id: "mobile-app" };
for (const algorithm of ["oidc", "oauth2"]) {
  const answer = await oauth.discoveryRequest(url, { algorithm, ...insecure });
  const server = await oauth.processDiscoveryResponse(url, answer);
  const signedIn = await oauth.processGenericTokenEndpointResponse(
    server,
    client,
    await oauth.genericTokenEndpointRequest(server, client, oauth.None(), "password", { username, password }, insecure),
  );
  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, oauth.None(), signedIn.refresh_token, insecure),
  );
  results[algorithm] = [server.issuer, signedIn.expires_in, refreshed.token_type];
  if (!isPublic) continue;
  const request = (token) => new Request(`${issuer}/things`, { headers: { authorization: `Bearer ${token}` } });
  const claims = await oauth.validateJwtAccessToken(server, request(refreshed.access_token), issuer, insecure);
  results[`${algorithm} claims`] = [claims.iss, claims.client_id];
  results[`${algorithm} other audience`] = await refusal(() =>
    oauth.validateJwtAccessToken(server, request(refreshed.access_token), "https://other.example", insecure),
  );
  const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
  const { payload, protectedHeader } = await jose.jwtVerify(refreshed.access_token, keys, {
    issuer,
    audience: issuer,
    typ: "at+jwt",
    requiredClaims: ["sub", "client_id", "iat", "jti", "exp"],
  });
  results[`${algorithm} jose`] = [protectedHeader.alg, payload.sub === claims.sub];
  const [header, body, signature] = refreshed.access_token.split(".");
  const forged = [header, body, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
  results[`${algorithm} forged`] = await refusal(() => jose.jwtVerify(forged, keys));
}
console.log(JSON.stringify(results));
