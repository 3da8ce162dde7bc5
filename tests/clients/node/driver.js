// Calls the vendors' own clients for Node.js, one call a line of JSON on stdin, one answer a line on
// stdout. The first line says which client, where it is installed and where the sandbox is.
//
// It reaches this machine only: the clients keep their own addresses, and what goes to a vendor's
// host goes to the sandbox instead.

import { createRequire } from "node:module";
import net from "node:net";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const HERE = new Set(["127.0.0.1", "localhost", "::1"]);

function stayHere() {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const [options] = Array.isArray(given[0]) ? given[0] : given;
    const host = typeof options === "object" ? (options.host ?? options.path) : given[1];
    if (host !== undefined && !HERE.has(host)) throw new Error("tests reach loopback only");
    return connect.apply(this, given);
  };
}

// A vendor's host becomes the first segment of a path at the sandbox.
function turnToSandbox(sandbox) {
  const real = globalThis.fetch;
  globalThis.fetch = (url, options) =>
    real(String(url).replace(/^https:\/\/([a-z0-9.-]+)/, `${sandbox}/$1`), options);
}

async function load(name, installed) {
  const found = createRequire(`${installed}/`).resolve(name);
  const module = await import(pathToFileURL(found));
  return module.default?.default ?? module.default;
}

async function stripe(start) {
  const Stripe = await load("stripe", start.installed);
  const { hostname: host, port } = new URL(start.party);
  const made = (key) =>
    new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
  return { client: ({ key }) => made(key ?? start.key), raised: stripeError };
}

function stripeError(error) {
  if (error.statusCode !== undefined && !String(error.requestId).startsWith("req_")) {
    throw new Error("an answer without its id");
  }
  return {
    kind: String(error.type ?? error.name).replace(/^Stripe/, ""),
    status: error.statusCode,
    code: error.code,
    decline_code: error.decline_code,
    param: error.param,
    body: error.raw ?? {},
  };
}

// With `host` the client is told where the sandbox is, as a developer would tell it.
async function checkout(start) {
  const Checkout = await load("checkout-sdk-node", start.installed);
  const { subdomain, pk, host, httpClient } = start;
  if (host === undefined) turnToSandbox(start.sandbox);
  const made = ({ key, client, secret, scope }) =>
    client
      ? new Checkout(secret, { client, scope, environment: "sandbox", subdomain, pk })
      : new Checkout(key ?? start.key, { pk, subdomain, host, httpClient });
  return {
    client: (given) => {
      const api = made(given);
      if (host !== undefined) api.config.forwardUrl = host;
      return api;
    },
    raised: checkoutError,
  };
}

function checkoutError(error) {
  const body = typeof error.body === "object" ? error.body : {};
  const codes = body.error_codes ?? (body.error ? [body.error] : []);
  return { kind: error.name, status: error.http_code, codes, body };
}

async function everyItem(list) {
  const all = [];
  for await (const item of list) all.push(item);
  return { data: all };
}

async function call(made, line) {
  const path = line.method.split(".");
  const name = path.pop();
  const owner = path.reduce((at, part) => at?.[part], made.client(line.client ?? {}));
  if (typeof owner?.[name] !== "function") return { missing: true };
  try {
    const given = Array.from({ length: line.atOnce ?? 1 }, () => owner[name](...line.args));
    if (line.every) return { returned: await everyItem(given[0]) };
    // Each is waited for: what is still under way would be in the way of the next call.
    await Promise.allSettled(given);
    const all = await Promise.all(given);
    return { returned: (line.atOnce > 1 ? all : all[0]) ?? null };
  } catch (error) {
    return { raised: made.raised(error) };
  }
}

stayHere();
const lines = readline.createInterface({ input: process.stdin });
let made;
for await (const text of lines) {
  const line = JSON.parse(text);
  let answer;
  if (made === undefined) {
    made = await { stripe, checkout }[line.vendor](line);
    answer = { ready: process.version };
  } else {
    answer = await call(made, line);
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
