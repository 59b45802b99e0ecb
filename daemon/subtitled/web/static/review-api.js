// Calls of the REST API from the page: with the session's cookie, and the token against forgery.

import data, { pagePath } from "./review-data.js";

const TIMEOUT = 30000; // milliseconds

// The server cannot be reached, or does not answer.
export class NetworkAwayError extends Error {}

// Call a route, and return its status, body and headers. What is no JSON has the body null.
export async function call(path, { method = "GET", body, etag, known } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = data.csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  if (known) headers["If-None-Match"] = known;
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await answer.text();
    return { status: answer.status, body: parse(text), headers: answer.headers };
  } catch (error) {
    throw new NetworkAwayError(String(error));
  }
}

// Return the body of a route that only reads; null if it cannot be had.
export async function read(path) {
  try {
    const answer = await call(path);
    return answer.status === 200 ? answer.body : null;
  } catch {
    return null;
  }
}

// Take over the token of a new session, if the same person signed in again elsewhere. What waits is
// not sent in the name of somebody else.
export async function renewToken() {
  try {
    const answer = await fetch(pagePath, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const { csrf, user } = JSON.parse(page.getElementById("review-data").textContent);
    if (user === data.user) data.csrf = csrf;
  } catch {
    // It is tried again with what waits.
  }
}

// Return the name of a problem, such as changed-meanwhile.
export function problemName(answer) {
  return String(answer.body?.type ?? "").split(":").at(-1);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
