// Puts the page's TypeScript sketch, its types taken away, through the scenarios below:
//   node sketch.mjs <the sketch as a module>
// and prints, as JSON, each scenario's name with what went wrong in it, or null.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const HOUR = 3600;
const file = process.argv[2];

// The phone: a clock that is set by hand, storage that takes its time, and an app that can be started again.
let clock = 1_700_000_000;
let uptime = 1_000;
Date.now = () => clock * 1000;
performance.now = () => uptime * 1000;
const pass = (seconds) => { clock += seconds; uptime += seconds; };
const tick = () => new Promise((resolve) => setImmediate(resolve));
const ticks = async (count) => { while (count-- > 0) await tick(); };

let stored = {};
let writes = 0;
let killedAfter = Infinity; // writes
globalThis.BASE = "https://api.example";
globalThis.vault = {
  async load() { await tick(); return structuredClone(stored); },
  async save(all) {
    const copy = structuredClone(all);
    await tick();
    if (writes >= killedAfter) throw new Error("killed");
    writes += 1;
    stored = copy;
  },
};

let starts = 0;
let app;
async function start() {
  killedAfter = Infinity;
  app = await import(`${pathToFileURL(file)}?${(starts += 1)}`);
}

// The server: sessions by the rules of refresh tokens, and requests that can be met on their way.
const sessions = [];
const sent = [];
let handsOutKeys = false;
const shown = []; // the device key of each sign-in
let onTheWay = []; // for each coming request: what happens to it in place of an answer
const answer = (status, body, headers = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
const tokensOf = (session) => ({
  access_token: `access-${session.user}-${session.generation}`,
  refresh_token: `refresh-${session.user}-${session.generation}`,
  expires_in: HOUR,
});
const sessionOf = (token) => {
  const [, user, generation] = token.split("-");
  return [sessions.findLast((session) => session.user === user), Number(generation)];
};

// The routes of accounts, with a code that is always the same.
const CODE = "12345678";
const passwords = {};
const enter = (user, verification, code, password) => {
  if (code !== CODE || verification !== `ghv_${user}`) return answer(400, { error: "invalid_code" });
  passwords[user] = password;
  return answer(200, { device_key: `key-of-${user}` });
};
const accountRoutes = {
  "/accounts": ({ email }) => answer(202, { verification: `ghv_${email}`, expires_in: 600, resend_after: 60 }),
  "/password/forgot": ({ email }) => answer(202, { verification: `ghv_${email}`, expires_in: 600, resend_after: 60 }),
  "/accounts/verify": ({ verification, code, password }) => enter(verification.slice(4), verification, code, password),
  "/password/reset": (body) => enter(body.verification.slice(4), body.verification, body.code, body.new_password),
  "/me/delete": ({ current_password: password }, headers) => {
    const [session] = sessionOf(headers.Authorization.slice("Bearer ".length));
    if (passwords[session.user] !== password) return answer(400, { error: "invalid_grant" });
    session.over = true;
    return new Response(null, { status: 204 });
  },
};

function served(path, headers, form, body) {
  if (path in accountRoutes) return accountRoutes[path](JSON.parse(body), headers);
  if (path === "/oauth/revoke") {
    const [session] = sessionOf(form.get("token"));
    if (session) session.over = true;
    return answer(200, {});
  }
  if (path !== "/oauth/token") {
    const [session, generation] = sessionOf(headers.Authorization.slice("Bearer ".length));
    const good = session && !session.over && generation === session.generation && !session.refuses;
    return good ? answer(200, { user: session.user }) : answer(401, { error: "invalid_token" });
  }
  if (form.get("grant_type") === "password") {
    const user = form.get("username");
    sessions.push({ user, generation: 0 });
    shown.push(form.get("device_key"));
    const keys = handsOutKeys ? { device_key: `key-of-${user}` } : {};
    return answer(200, { ...tokensOf(sessions.at(-1)), ...keys });
  }
  const [session, generation] = sessionOf(form.get("refresh_token"));
  const retry = generation === session.generation - 1 && headers["Idempotency-Key"] === session.key;
  if (session.over || !(generation === session.generation || retry)) {
    session.over = true;
    return answer(400, { error: "invalid_grant" });
  }
  if (!retry) Object.assign(session, { generation: generation + 1, key: headers["Idempotency-Key"] });
  return answer(200, tokensOf(session));
}

globalThis.fetch = async (url, { headers = {}, body, signal }) => {
  const path = url.slice(BASE.length);
  const form = new URLSearchParams(body);
  sent.push({ path, key: headers["Idempotency-Key"], token: form.get("refresh_token") ?? form.get("token"), stored });
  const event = onTheWay.shift();
  await tick();
  const serve = () => served(path, headers, form, body);
  return event ? event(serve, signal) : serve();
};

const straight = (serve) => serve();
const lost = (serve) => { serve(); throw new TypeError("network request failed"); };
const says = (...what) => () => answer(...what);
const paths = () => sent.map(({ path }) => path);
const refreshes = () => sent.filter(({ path, key }) => path === "/oauth/token" && key);
const revoked = () => sent.filter(({ path }) => path === "/oauth/revoke").map(({ token }) => token);
const name = (error) => error.constructor.name;
const outcome = (promise) => promise.then((got) => got.status, name);
const get = () => outcome(app.request("/me"));

/** A new phone and a new server; signed in, and an hour later. */
async function begin() {
  [stored, sessions.length, sent.length, onTheWay] = [{}, 0, 0, []];
  await start();
  await app.signIn("ann", "open the gate, please");
  pass(HOUR);
}

const scenarios = {
  async "a sign-up outlives the app, and ends signed in with the device key"() {
    shown.length = 0;
    await app.askForCode("/accounts", "eve");
    assert.deepEqual(stored.pending, { verification: "ghv_eve", email: "eve", path: "/accounts" });
    await start(); // killed while the mail was read
    assert.equal(await outcome(app.enterCode("00000000", "a tin of green paint")), "Refused");
    assert.equal(stored.pending.email, "eve");
    await app.enterCode(CODE, "a tin of green paint");
    assert.equal(stored.pending, undefined);
    assert.deepEqual([stored.deviceKey, passwords.eve, shown], ["key-of-eve", "a tin of green paint", ["key-of-eve"]]);
    assert.ok(!JSON.stringify(stored).includes("green paint"));
    assert.equal(await outcome(app.enterCode(CODE, "another")), "Refused");
  },

  async "a reset is asked for while signed in, and outlives sign-out and refresh"() {
    await app.askForCode("/password/forgot", "ann");
    assert.equal(await get(), 200);
    await app.signOut();
    assert.equal(stored.pending.path, "/password/forgot");
    await app.enterCode(CODE, "a roll of brown paper");
    assert.deepEqual([passwords.ann, stored.pending], ["a roll of brown paper", undefined]);
  },

  async "a deletion leaves nothing on the phone, and a refused one everything"() {
    await app.askForCode("/accounts", "kim");
    await app.enterCode(CODE, "a tin of green paint");
    assert.equal(await outcome(app.deleteAccount("wrong")), "Refused");
    assert.equal(stored.deviceKey, "key-of-kim");
    await app.deleteAccount("a tin of green paint");
    assert.deepEqual(stored, {});
    assert.equal(await get(), "SessionEnded");
  },

  async "the device key outlives the session and is shown at the next sign-in"() {
    handsOutKeys = true;
    shown.length = 0;
    await app.signIn("bob", "open the gate, please");
    assert.equal(stored.deviceKey, "key-of-bob");
    pass(HOUR);
    assert.equal(await get(), 200);
    assert.equal(stored.deviceKey, "key-of-bob");
    await app.signOut();
    assert.deepEqual(stored, { deviceKey: "key-of-bob" });
    await app.signIn("ann", "open the gate, please");
    assert.equal(stored.deviceKey, "key-of-ann");
    handsOutKeys = false;
    await app.signIn("ann", "open the gate, please");
    assert.deepEqual(shown, [null, "key-of-bob", "key-of-ann"]);
    assert.equal(stored.deviceKey, "key-of-ann");
    pass(HOUR);
    onTheWay = [says(400, { error: "invalid_grant" })];
    assert.equal(await get(), "SessionEnded");
    assert.deepEqual(stored, { deviceKey: "key-of-ann" });
  },

  async "many callers share one refresh"() {
    const got = await Promise.all(Array.from({ length: 20 }, get));
    assert.deepEqual(new Set(got), new Set([200]));
    assert.equal(refreshes().length, 1);
  },

  async "many callers share one failure"() {
    onTheWay = [async (serve) => { await ticks(100); return lost(serve); }];
    const got = await Promise.all(Array.from({ length: 20 }, get));
    assert.deepEqual(new Set(got), new Set(["TypeError"]));
    assert.equal(sent.length, 2);
  },

  async "the key is stored with its token, and both before the answer is used"() {
    const written = writes;
    assert.equal(await get(), 200);
    const [, refresh, call] = sent;
    assert.equal(refresh.stored.tokens.key, refresh.key);
    assert.equal(refresh.stored.tokens.refresh, refresh.token);
    assert.equal(call.stored.tokens.refresh, "refresh-ann-1");
    assert.notEqual(call.stored.tokens.key, refresh.key);
    assert.equal(writes, written + 1);
  },

  async "another process that stored the same answer first has chosen its key"() {
    onTheWay = [
      (serve) => {
        const late = serve();
        const { access_token: access, refresh_token: refresh } = tokensOf(sessions[0]);
        const times = { receivedAt: clock, expiresAt: clock + HOUR };
        stored = { tokens: { access, refresh, ...times, key: "of-the-other" } };
        return late;
      },
    ];
    assert.equal(await get(), 200);
    assert.equal(stored.tokens.key, "of-the-other");
    pass(HOUR);
    assert.equal(await get(), 200);
    assert.equal(refreshes()[1].key, "of-the-other");
  },

  async "an answer older than what another process stored replaces nothing"() {
    onTheWay = [
      (serve) => {
        const late = serve();
        sessions[0].generation += 1;
        const { access_token: access, refresh_token: refresh } = tokensOf(sessions[0]);
        const times = { receivedAt: clock, expiresAt: clock + HOUR };
        stored = { tokens: { access, refresh, ...times, key: "of-the-other" } };
        return late;
      },
    ];
    assert.equal(await get(), "Error");
    assert.equal(await get(), 200);
    assert.deepEqual(revoked(), []);
  },

  async "a refused token is refreshed once, the request repeated once"() {
    clock -= HOUR / 2;
    onTheWay = [says(401, {}), straight, says(401, {})];
    assert.equal(await get(), 401);
    assert.deepEqual(paths().slice(1), ["/me", "/oauth/token", "/me"]);
    assert.equal(stored.tokens.refresh, "refresh-ann-1");
  },

  async "who was refused an old token takes the one that is stored"() {
    clock -= HOUR / 2;
    let refuse;
    const slow = new Promise((resolve) => { refuse = resolve; });
    onTheWay = [async () => { await slow; return answer(401, {}); }];
    const one = get();
    await ticks(4);
    pass(HOUR);
    assert.equal(await get(), 200);
    pass(HOUR / 2);
    refuse();
    assert.equal(await one, 200);
    assert.equal(refreshes().length, 1);
  },

  async "who was refused an old token does not cost another caller its refresh"() {
    clock -= HOUR / 2;
    let refuse;
    const slow = new Promise((resolve) => { refuse = resolve; });
    onTheWay = [async () => { await slow; return answer(401, {}); }];
    const one = get(); // holds generation 0, and hears of it late
    await ticks(4);
    pass(HOUR);
    assert.equal(await get(), 200); // generation 1
    pass(HOUR / 2);
    onTheWay = [async () => { refuse(); return answer(401, {}); }];
    assert.deepEqual([await get(), await one], [200, 200]);
    assert.equal(stored.tokens.refresh, "refresh-ann-2");
  },

  async "a lost answer is asked for again with the same token and key"() {
    onTheWay = [lost];
    assert.equal(await get(), "TypeError");
    pass(40 * 24 * HOUR);
    await start();
    assert.equal(await get(), 200);
    const [first, second] = refreshes();
    assert.deepEqual([first.token, first.key], [second.token, second.key]);
    pass(HOUR);
    assert.equal(await get(), 200);
    assert.notEqual(refreshes()[2].key, first.key);
  },

  async "the app is killed between answer and save"() {
    killedAfter = writes; // the key is stored with its token, the answer is not
    assert.equal(await get(), "Error");
    assert.deepEqual(paths().at(-1), "/oauth/token");
    pass(HOUR);
    await start();
    assert.equal(await get(), 200);
    assert.equal(refreshes()[0].key, refreshes()[1].key);
    assert.equal(stored.tokens.refresh, "refresh-ann-1");
  },

  async "the server is left alone for as long as it asks"() {
    for (const [status, asked, seconds] of [[503, "7", 7], [429, "9", 9], [503, "soon", 30]]) {
      onTheWay = [says(status, { error: "temporarily_unavailable" }, { "Retry-After": asked })];
      const before = sent.length;
      await assert.rejects(app.request("/me"), { seconds });
      uptime += seconds - 1;
      assert.equal(await get(), "TryLater");
      assert.equal(sent.length, before + 1);
      uptime += 1;
    }
    assert.equal(await get(), 200);
    assert.equal(new Set(refreshes().map(({ key }) => key)).size, 1);
  },

  async "nothing but invalid_grant ends a session"() {
    const useless = [
      [[500, { message: "Internal server error" }], "Error"],
      [[502, "Bad Gateway"], "Error"],
      [[200, "<html>Welcome to our network</html>"], "Error"],
      [[200, '{"access_token": "access-ann-1", "refre'], "Error"],
      [[200, [], {}], "Error"],
      [[200, { access_token: "a", refresh_token: "r", expires_in: "soon" }], "Error"],
      [[400, "<html>Bad Request</html>"], "Error"],
      [[400, { error: "invalid_request" }], "Refused"],
      [[401, { error: "invalid_client" }], "Error"],
      [[401, { error: "invalid_grant" }], "Error"],
      [[404, ""], "Error"],
    ];
    for (const [what, told] of useless) {
      onTheWay = [says(...what)];
      assert.equal(await get(), told, JSON.stringify(what));
      assert.equal(stored.tokens.refresh, "refresh-ann-0");
    }
    onTheWay = [says(400, { error: "invalid_grant" })];
    assert.deepEqual(await Promise.all([get(), get()]), ["SessionEnded", "SessionEnded"]);
    assert.deepEqual(stored, {});
    assert.equal(await get(), "SessionEnded");
  },

  async "a request that hangs is given up"() {
    const real = globalThis.setTimeout;
    globalThis.setTimeout = (act) => real(act, 5);
    onTheWay = [
      (_, signal) => new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ];
    assert.deepEqual(await Promise.all([get(), get()]), ["DOMException", "DOMException"]);
    globalThis.setTimeout = real;
    assert.equal(await get(), 200);
  },

  async "a new token rests"() {
    assert.equal(await get(), 200);
    sessions[0].refuses = true;
    await assert.rejects(app.request("/me"), { seconds: 120 });
    pass(120);
    sessions[0].refuses = false;
    onTheWay = [says(401, {})];
    assert.equal(await get(), 200);
    assert.equal(stored.tokens.refresh, "refresh-ann-2");
  },

  async "a wrong clock costs requests, not the session"() {
    for (const error of [-20 * 24 * HOUR, 400 * 24 * HOUR, -1_600_000_000]) {
      clock += error;
      sessions[0].generation += 1; // the access token has expired, whatever the phone thinks
      stored.tokens.refresh = tokensOf(sessions[0]).refresh_token;
      assert.equal(await get(), 200);
    }
  },

  async "a refresh that ends after the sign-out is neither stored nor used"() {
    let over;
    onTheWay = [async (serve) => { const late = serve(); over = app.signOut(); await over; return late; }];
    assert.equal(await get(), "SessionEnded");
    assert.deepEqual(stored, {});
    assert.deepEqual(revoked(), ["refresh-ann-0", "refresh-ann-1"]);
    assert.ok(sessions[0].over);
  },

  async "a sign-out at any moment of a refresh wins"() {
    for (let delay = 0; delay < 25; delay += 1) {
      onTheWay = [];
      await app.signIn(`user${delay}`, "open the gate, please");
      pass(HOUR);
      const got = get();
      await ticks(delay);
      await app.signOut();
      assert.ok(["SessionEnded", 200, 401].includes(await got));
      assert.deepEqual(stored, {}, `after ${delay} ticks`);
      assert.ok(sessions.at(-1).over);
    }
  },

  async "signing out without network forgets at once, and is made up for"() {
    let told;
    onTheWay = [
      async (serve) => { const late = serve(); told = await outcome(app.signOut()); return late; },
      says(502, ""),
      says(502, ""),
    ];
    assert.equal(await get(), "SessionEnded");
    assert.equal(told, "Error");
    assert.deepEqual(stored, { revoking: "refresh-ann-0" });
    await start();
    assert.equal(await get(), "SessionEnded");
    await app.signOut();
    assert.deepEqual(stored, {});
    assert.ok(sessions[0].over);
  },

  async "a late answer leaves the next session alone"() {
    for (const late of [straight, says(400, { error: "invalid_grant" })]) {
      onTheWay = [async (serve) => { await app.signIn("bob", "open the gate, please"); return late(serve); }];
      assert.equal(await get(), "SessionEnded");
      assert.equal(stored.tokens.refresh, "refresh-bob-0");
      assert.equal(await get(), 200);
      pass(HOUR);
    }
  },

  async "a late answer to a sign-out leaves the next session alone"() {
    onTheWay = [async (serve) => { await ticks(100); return serve(); }];
    const over = app.signOut();
    await ticks(4);
    await app.signIn("bob", "open the gate, please");
    await over;
    assert.equal(stored.tokens.refresh, "refresh-bob-0");
  },

  async "no request is repeated for another user than the one who made it"() {
    clock -= HOUR / 2;
    onTheWay = [async () => { await app.signIn("bob", "open the gate, please"); return answer(401, {}); }];
    assert.equal(await get(), "SessionEnded");
    assert.equal(stored.tokens.refresh, "refresh-bob-0");
  },
};

const report = {};
for (const [title, play] of Object.entries(scenarios)) {
  try {
    await begin();
    await play();
    assert.equal(onTheWay.length, 0, "a request that was expected did not come");
    report[title] = null;
  } catch (error) {
    report[title] = error.stack;
  }
}
console.log(JSON.stringify(report));
