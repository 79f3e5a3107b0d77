// oauth4webapi, OAuth and OpenID Connect call by call, for any JavaScript runtime.

import assert from "node:assert/strict";

import * as oauth from "oauth4webapi";

import { ACCESS_TOKEN, CALLBACK, EXCHANGE, Person, SCOPE, SERVICE, feature, keys, registered } from "./relying_party.js";

const person = await Person.registered();
const issuer = new URL(SERVICE);
const onLoopback = { [oauth.allowInsecureRequests]: true };
const RECORDS = "https://records.example/api";

let as;
await feature("discovery", async () => {
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, onLoopback));
});

/** A relying party with one client of ours. */
class RelyingParty {
  static async registered(metadata = {}, authentication) {
    const client = await registered(metadata);
    return new RelyingParty(client, authentication ?? oauth.ClientSecretBasic(client.client_secret));
  }

  constructor(client, authentication) {
    this.client = { id_token_signed_response_alg: "ES256", ...client };
    this.authentication = authentication;
  }

  /** An authorization request and what its answer is checked against. */
  async request(more = {}) {
    const asked = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState() };
    asked.nonce = oauth.generateRandomNonce();
    asked.parameters = new URLSearchParams({
      client_id: this.client.client_id, redirect_uri: CALLBACK, response_type: "code", scope: SCOPE,
      state: asked.state, nonce: asked.nonce, code_challenge_method: "S256",
      code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier), ...more,
    });
    return asked;
  }

  /** The code's parameters, `state` and `iss` (RFC 9207) checked. */
  async code(asked, parameters = asked.parameters) {
    const address = await person.answers(`${as.authorization_endpoint}?${parameters}`);
    return oauth.validateAuthResponse(as, this.client, address, asked.state);
  }

  async redeem(code, { verifier, nonce, maxAge }, options = {}) {
    const { client, authentication } = this;
    const asked = { ...onLoopback, ...options };
    const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, code, CALLBACK, verifier, asked);
    const checks = { expectedNonce: nonce, maxAge, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
    await oauth.validateApplicationLevelSignature(as, answer, onLoopback);
    return tokens;
  }

  async signIn(more, options) {
    const asked = await this.request(more);
    return this.redeem(await this.code(asked), asked, options);
  }

  async userinfo(token, subject = oauth.skipSubjectCheck, options = {}) {
    const answer = await oauth.userInfoRequest(as, this.client, token, { ...onLoopback, ...options });
    return oauth.processUserInfoResponse(as, this.client, subject, answer);
  }

  async refresh(token, options = {}) {
    const asked = { ...onLoopback, ...options };
    const answer = await oauth.refreshTokenGrantRequest(as, this.client, this.authentication, token, asked);
    return oauth.processRefreshTokenResponse(as, this.client, answer);
  }

  async introspect(token) {
    const answer = await oauth.introspectionRequest(as, this.client, this.authentication, token, onLoopback);
    return oauth.processIntrospectionResponse(as, this.client, answer);
  }

  async push(asked, options = {}) {
    const told = { ...onLoopback, ...options };
    const answer = await oauth.pushedAuthorizationRequest(as, this.client, this.authentication, asked.parameters, told);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, this.client, answer);
    return new URLSearchParams({ client_id: this.client.client_id, request_uri });
  }

  async alone(parameters = {}) {
    const { client, authentication } = this;
    const answer = await oauth.clientCredentialsGrantRequest(as, client, authentication, parameters, onLoopback);
    return oauth.processClientCredentialsResponse(as, client, answer);
  }
}

/** That the provider refuses with this error code. */
function refused(error, asked) {
  return assert.rejects(asked, (thrown) => (assert.equal(thrown.error, error, thrown.message), true));
}

/** That the provider refuses for want of credentials. */
function unauthorized(asked) {
  return assert.rejects(asked, (thrown) => thrown.status === 401);
}

async function dpop(relyingParty) {
  return { DPoP: oauth.DPoP(relyingParty.client, await oauth.generateKeyPair("ES256")) };
}

const usual = await RelyingParty.registered();

await feature("code with PKCE, iss, ID token ES256 and its signature", async () => {
  const tokens = await usual.signIn();
  const { sub, aud } = oauth.getValidatedIdTokenClaims(tokens);
  assert.equal(aud, usual.client.client_id);
  assert.equal((await usual.userinfo(tokens.access_token, sub)).family_name, person.family_name);
});

await feature("ID token RS256", async () => {
  const rs256 = await RelyingParty.registered({ id_token_signed_response_alg: "RS256" });
  assert.ok((await rs256.signIn()).id_token);
});

await feature("an ID token with another algorithm, nonce or state is noticed", async () => {
  const expecting = new RelyingParty({ ...usual.client, id_token_signed_response_alg: "RS256" }, usual.authentication);
  await assert.rejects(expecting.signIn(), /alg/);
  const asked = await usual.request();
  await assert.rejects(usual.redeem(await usual.code(asked), { ...asked, nonce: "another" }), /"nonce"/);
  await assert.rejects(usual.code({ ...asked, state: "another" }), /state/);
});

await feature("another code verifier is refused", async () => {
  const asked = await usual.request();
  const verifier = oauth.generateRandomCodeVerifier();
  await refused("invalid_grant", usual.redeem(await usual.code(asked), { ...asked, verifier }));
});

await feature("public client", async () => {
  const metadata = {
    token_endpoint_auth_method: "none", scope: "openid profile offline_access",
    grant_types: ["authorization_code", "refresh_token"],
  };
  const app = await RelyingParty.registered(metadata, oauth.None());
  const tokens = await app.signIn({ scope: metadata.scope });
  assert.ok((await app.refresh(tokens.refresh_token)).access_token);
});

await feature("client_secret_post", async () => {
  const client = await registered({ token_endpoint_auth_method: "client_secret_post" });
  assert.ok((await new RelyingParty(client, oauth.ClientSecretPost(client.client_secret)).alone()).access_token);
});

await feature("max_age", async () => {
  const asked = { ...(await usual.request({ max_age: "0" })), maxAge: 30 };
  const tokens = await usual.redeem(await usual.code(asked), asked);
  assert.ok(oauth.getValidatedIdTokenClaims(tokens).auth_time);
});

await feature("a code works once", async () => {
  const asked = await usual.request();
  const code = await usual.code(asked);
  const { access_token } = await usual.redeem(code, asked);
  await refused("invalid_grant", usual.redeem(code, asked));
  await unauthorized(usual.userinfo(access_token));
});

await feature("refresh reuse ends the family", async () => {
  const first = (await usual.signIn()).refresh_token;
  const second = (await usual.refresh(first)).refresh_token;
  const last = await usual.refresh(second);
  await refused("invalid_grant", usual.refresh(first));
  await refused("invalid_grant", usual.refresh(last.refresh_token));
  await unauthorized(usual.userinfo(last.access_token));
});

await feature("introspection", async () => {
  const { access_token } = await usual.signIn();
  assert.equal((await usual.introspect(access_token)).active, true);
  assert.equal((await usual.introspect("unknown")).active, false);
});

await feature("revocation", async () => {
  const { access_token } = await usual.signIn();
  const { client, authentication } = usual;
  const answer = await oauth.revocationRequest(as, client, authentication, access_token, onLoopback);
  await oauth.processRevocationResponse(answer);
  assert.equal((await usual.introspect(access_token)).active, false);
});

await feature("PAR", async () => {
  const asked = await usual.request();
  assert.ok((await usual.redeem(await usual.code(asked, await usual.push(asked)), asked)).id_token);
  const nested = { parameters: new URLSearchParams({ ...Object.fromEntries(asked.parameters), request_uri: "urn:x" }) };
  await assert.rejects(usual.push(nested), (thrown) => thrown.status === 400);
});

await feature("private_key_jwt", async () => {
  const { pair, jwks } = await keys();
  const metadata = { token_endpoint_auth_method: "private_key_jwt", jwks };
  const authentication = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "1" });
  const signing = await RelyingParty.registered(metadata, authentication);
  assert.ok((await signing.signIn()).id_token);
  const forger = oauth.PrivateKeyJwt({ key: (await keys()).pair.privateKey, kid: "1" });
  await unauthorized(new RelyingParty(signing.client, forger).alone());
});

await feature("DPoP", async () => {
  const bound = await RelyingParty.registered({ dpop_bound_access_tokens: true });
  const [key, other] = [await dpop(bound), await dpop(bound)];
  const tokens = await bound.signIn({}, key);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  assert.equal((await bound.userinfo(tokens.access_token, sub, key)).sub, sub);
  await unauthorized(bound.userinfo(tokens.access_token, sub, other));
  await unauthorized(bound.userinfo(tokens.access_token));
  assert.ok((await bound.refresh(tokens.refresh_token, key)).access_token);
});

await feature("client_credentials", async () => {
  assert.equal((await usual.alone({ scope: "records.read" })).scope, "records.read");
});

await feature("access tokens as JWT (RFC 9068)", async () => {
  const jwt = await RelyingParty.registered({ access_token_format: "jwt", resources: [RECORDS] });
  const { access_token } = await jwt.signIn({ resource: RECORDS });
  const request = new Request(RECORDS, { headers: { authorization: `Bearer ${access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, RECORDS, onLoopback);
  assert.deepEqual([claims.client_id, claims.citizen_id], [jwt.client.client_id, undefined]);
});

await feature("token exchange", async () => {
  const records = await RelyingParty.registered({ sector: "records.example" });
  const audience = records.client.client_id;
  const chained = await RelyingParty.registered({ exchange_audiences: [audience] });
  const { access_token } = await chained.signIn();
  const parameters = { subject_token: access_token, subject_token_type: ACCESS_TOKEN, audience };
  const { client, authentication } = chained;
  const answer = await oauth.genericTokenEndpointRequest(as, client, authentication, EXCHANGE, parameters, onLoopback);
  const exchanged = await oauth.processGenericTokenEndpointResponse(as, client, answer);
  assert.equal((await records.introspect(exchanged.access_token)).active, true);
});

await feature("FAPI 2.0: PAR, private_key_jwt, DPoP", async () => {
  const { pair, jwks } = await keys();
  const authentication = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "1" });
  const fapi2 = await RelyingParty.registered({ profile: "fapi2", jwks }, authentication);
  const key = await dpop(fapi2);
  const asked = await fapi2.request();
  const tokens = await fapi2.redeem(await fapi2.code(asked, await fapi2.push(asked, key)), asked, key);
  assert.equal((await fapi2.userinfo(tokens.access_token, undefined, key)).citizen_id, person.citizen_id);
});
