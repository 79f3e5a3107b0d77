// openid-client, the certified relying party for Node.

import assert from "node:assert/strict";

import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

import {
  ACCESS_TOKEN, CALLBACK, EXCHANGE, Listener, Person, SCOPE, SERVICE, SIGNED_OUT, feature, keys, registered,
} from "./relying_party.js";

const person = await Person.registered();
const server = new URL(SERVICE);
const onLoopback = { execute: [client.allowInsecureRequests] };

/** Discovers the provider as a client that was just registered. */
async function connected(metadata = {}, authentication) {
  const told = await registered(metadata);
  authentication ??= client.ClientSecretBasic(told.client_secret);
  const known = { id_token_signed_response_alg: "ES256", ...told };
  return client.discovery(server, told.client_id, known, authentication, onLoopback);
}

/** An authorization request and what it will be checked against. */
async function request(more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const parameters = {
    redirect_uri: CALLBACK, scope: SCOPE, state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  };
  return { parameters, checks };
}

async function signIn(config, more = {}, { who = person, options, ...checked } = {}) {
  const { parameters, checks } = await request(more);
  const address = await who.answers(client.buildAuthorizationUrl(config, parameters));
  return client.authorizationCodeGrant(config, address, { ...checks, ...checked }, undefined, options);
}

/** That the provider refuses with this error code. */
function refused(error, asked) {
  return assert.rejects(asked, (thrown) => (assert.equal(thrown.error, error, thrown.message), true));
}

/** That an access token opens nothing. */
function isDead(config, token) {
  return assert.rejects(client.fetchUserInfo(config, token, client.skipSubjectCheck), (thrown) => thrown.status === 401);
}

const config = await connected();

await feature("discovery", () => {
  assert.equal(config.serverMetadata().issuer, SERVICE);
  assert.ok(config.serverMetadata().supportsPKCE());
});

await feature("code with PKCE, ID token ES256, userinfo", async () => {
  const tokens = await signIn(config);
  const { sub, ial_level, acr, amr } = tokens.claims();
  assert.deepEqual([ial_level, typeof acr, amr.includes("pwd")], ["1.3", "string", true]);
  const claims = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.deepEqual([claims.given_name, claims.citizen_id], [person.given_name, person.citizen_id]);
  assert.ok(!("citizen_id" in tokens.claims()), "citizen_id is in no token");
});

await feature("ID token RS256", async () => {
  const rs256 = await connected({ id_token_signed_response_alg: "RS256" });
  client.enableNonRepudiationChecks(rs256);
  assert.ok((await signIn(rs256)).claims().sub);
});

await feature("ID token's signature by the published keys", async () => {
  const checking = await connected();
  client.enableNonRepudiationChecks(checking);
  assert.ok((await signIn(checking)).claims().sub);
});

await feature("another nonce is noticed", async () => {
  const wrong = signIn(config, {}, { expectedNonce: "another" });
  await assert.rejects(wrong, /unexpected JWT claim value encountered/);
});

await feature("form_post", async () => {
  const { parameters, checks } = await request({ response_mode: "form_post" });
  const { form } = await person.visits(client.buildAuthorizationUrl(config, parameters));
  const posted = new Request(CALLBACK, { method: "POST", body: new URLSearchParams(form) });
  assert.ok((await client.authorizationCodeGrant(config, posted, checks)).id_token);
});

await feature("prompt=none", async () => {
  assert.ok((await signIn(config, { prompt: "none" })).id_token);
  const stranger = await Person.registered();
  await refused("login_required", signIn(config, { prompt: "none" }, { who: stranger }));
});

await feature("max_age", async () => {
  const tokens = await signIn(config, { max_age: "0" }, { maxAge: 30 });
  assert.ok(tokens.claims().auth_time);
});

await feature("acr_values", async () => {
  const { acr, amr } = (await signIn(config, { acr_values: "aal2" })).claims();
  assert.deepEqual([acr, amr.includes("sms")], ["aal2", true]);
});

await feature("saying no", async () => {
  const careful = await connected({ scope: "openid phone" });
  const { parameters, checks } = await request({ scope: "openid phone" });
  const url = client.buildAuthorizationUrl(careful, parameters);
  const address = await person.answers(url, { until: CALLBACK, decision: "deny" });
  await refused("access_denied", client.authorizationCodeGrant(careful, address, checks));
});

await feature("a code works once", async () => {
  const { parameters, checks } = await request();
  const address = await person.answers(client.buildAuthorizationUrl(config, parameters));
  const tokens = await client.authorizationCodeGrant(config, address, checks);
  await refused("invalid_grant", client.authorizationCodeGrant(config, address, checks));
  await isDead(config, tokens.access_token);
});

await feature("refresh", async () => {
  const tokens = await signIn(config);
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.ok((await client.fetchUserInfo(config, fresh.access_token, tokens.claims().sub)).name);
  const retried = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(retried.refresh_token, "an answer that was lost is given again");
});

await feature("refresh reuse ends the family", async () => {
  const first = (await signIn(config)).refresh_token;
  const second = (await client.refreshTokenGrant(config, first)).refresh_token;
  const last = await client.refreshTokenGrant(config, second);
  await refused("invalid_grant", client.refreshTokenGrant(config, first));
  await refused("invalid_grant", client.refreshTokenGrant(config, last.refresh_token));
  await isDead(config, last.access_token);
});

await feature("introspection", async () => {
  const { access_token, refresh_token } = await signIn(config);
  const told = await client.tokenIntrospection(config, access_token);
  assert.deepEqual([told.active, told.client_id], [true, config.clientMetadata().client_id]);
  assert.equal((await client.tokenIntrospection(config, refresh_token)).active, true);
  const stranger = await connected();
  assert.deepEqual({ ...(await client.tokenIntrospection(stranger, access_token)) }, { active: false });
});

await feature("revocation", async () => {
  const { access_token, refresh_token } = await signIn(config);
  await client.tokenRevocation(config, refresh_token);
  assert.equal((await client.tokenIntrospection(config, access_token)).active, false);
  await isDead(config, access_token);
  await client.tokenRevocation(config, "unknown");
});

await feature("PAR", async () => {
  const pushing = await connected({ require_pushed_authorization_requests: true });
  const { parameters, checks } = await request();
  const address = await person.answers(await client.buildAuthorizationUrlWithPAR(pushing, parameters));
  assert.ok((await client.authorizationCodeGrant(pushing, address, checks)).id_token);
  await refused("invalid_request", signIn(pushing));
});

await feature("private_key_jwt", async () => {
  const { pair, jwks } = await keys();
  const authentication = client.PrivateKeyJwt({ key: pair.privateKey, kid: "1" });
  const signing = await connected({ token_endpoint_auth_method: "private_key_jwt", jwks }, authentication);
  assert.ok((await signIn(signing)).id_token);
  const forger = client.PrivateKeyJwt({ key: (await keys()).pair.privateKey, kid: "1" });
  const forged = new client.Configuration(signing.serverMetadata(), signing.clientMetadata().client_id, {}, forger);
  client.allowInsecureRequests(forged);
  await assert.rejects(client.clientCredentialsGrant(forged), (thrown) => thrown.status === 401);
});

await feature("DPoP", async () => {
  const bound = await connected({ dpop_bound_access_tokens: true });
  const DPoP = client.getDPoPHandle(bound, await client.randomDPoPKeyPair("ES256"));
  const tokens = await signIn(bound, { dpop_jkt: await DPoP.calculateThumbprint() }, { options: { DPoP } });
  assert.equal(tokens.token_type, "dpop");
  const { sub } = tokens.claims();
  assert.equal((await client.fetchUserInfo(bound, tokens.access_token, sub, { DPoP })).sub, sub);
  const fresh = await client.refreshTokenGrant(bound, tokens.refresh_token, undefined, { DPoP });
  assert.equal(fresh.token_type, "dpop");
  const other = client.getDPoPHandle(bound, await client.randomDPoPKeyPair("ES256"));
  const stolen = client.fetchUserInfo(bound, fresh.access_token, sub, { DPoP: other });
  await assert.rejects(stolen, (thrown) => thrown.status === 401);
  await isDead(bound, fresh.access_token);
});

await feature("client_credentials", async () => {
  const tokens = await client.clientCredentialsGrant(config, { scope: "records.read" });
  assert.deepEqual([tokens.scope, tokens.refresh_token], ["records.read", undefined]);
});

await feature("token exchange", async () => {
  const records = await connected({ redirect_uris: ["http://127.0.0.1:4498/callback"], sector: "records.example" });
  const audience = records.clientMetadata().client_id;
  const chained = await connected({ exchange_audiences: [audience] });
  const { access_token } = await signIn(chained);
  const parameters = { subject_token: access_token, subject_token_type: ACCESS_TOKEN, audience };
  const exchanged = await client.genericGrantRequest(chained, EXCHANGE, parameters);
  const told = await client.tokenIntrospection(records, exchanged.access_token);
  assert.deepEqual([told.active, told.act.client_id], [true, chained.clientMetadata().client_id]);
  await refused("invalid_target", client.genericGrantRequest(chained, EXCHANGE, { ...parameters, audience: "nobody" }));
});

await feature("end-session", async () => {
  const { id_token } = await signIn(config);
  const parameters = { id_token_hint: id_token, post_logout_redirect_uri: SIGNED_OUT, state: "bye" };
  const { searchParams } = await person.answers(client.buildEndSessionUrl(config, parameters), { until: SIGNED_OUT });
  assert.equal(searchParams.get("state"), "bye");
  await refused("login_required", signIn(config, { prompt: "none" }));
});

await feature("back-channel logout", async () => {
  const listener = await Listener.start();
  try {
    const told = { backchannel_logout_uri: listener.address, backchannel_logout_session_required: true };
    const listening = await connected(told);
    const tokens = await signIn(listening);
    const claims = tokens.claims();
    await person.visits(client.buildEndSessionUrl(listening, { id_token_hint: tokens.id_token }), {});
    const token = (await listener.heard()).get("logout_token");
    const jwks = createRemoteJWKSet(new URL(listening.serverMetadata().jwks_uri));
    const expected = { issuer: SERVICE, audience: listening.clientMetadata().client_id, typ: "logout+jwt" };
    const { payload } = await jwtVerify(token, jwks, { ...expected, maxTokenAge: "2 minutes" });
    assert.deepEqual([payload.sid, payload.sub, payload.nonce], [claims.sid, claims.sub, undefined]);
    assert.ok("http://schemas.openid.net/event/backchannel-logout" in payload.events);
  } finally {
    listener.stop();
  }
});

await feature("FAPI 2.0: PAR, private_key_jwt, DPoP", async () => {
  const { pair, jwks } = await keys();
  const authentication = client.PrivateKeyJwt({ key: pair.privateKey, kid: "1" });
  const fapi2 = await connected({ profile: "fapi2", jwks }, authentication);
  client.enableNonRepudiationChecks(fapi2);
  const DPoP = client.getDPoPHandle(fapi2, await client.randomDPoPKeyPair("ES256"));
  const { parameters, checks } = await request();
  const address = await person.answers(await client.buildAuthorizationUrlWithPAR(fapi2, parameters, { DPoP }));
  const tokens = await client.authorizationCodeGrant(fapi2, address, checks, undefined, { DPoP });
  const { sub } = tokens.claims();
  assert.equal((await client.fetchUserInfo(fapi2, tokens.access_token, sub, { DPoP })).citizen_id, person.citizen_id);
  assert.ok((await client.refreshTokenGrant(fapi2, tokens.refresh_token, undefined, { DPoP })).access_token);
});
