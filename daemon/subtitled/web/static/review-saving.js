// Keeps what a person does: sends it in order, again while the network is away, and after a reload.
//
// What waits is in localStorage until the server has it, each under its own id. The server applies
// an id once, however often it is sent.

import { NetworkAwayError, call, problemName, renewToken } from "./review-api.js";
import data, { reviewPath } from "./review-data.js";
import { buildsOn, dependsOn, touchedCues } from "./review-operations.js";

const PREFIX = `subtitled.waits.${data.review}.${data.user}.`;
const PAUSES = [1000, 2000, 4000, 8000, 15000]; // milliseconds between tries
const LATER = new Set([401, 403, 408, 425, 429, 500, 502, 503, 504]);
const POLL = 15000; // milliseconds between two looks at what others did

// Dispatches "state" with how many wait and why, "conflict", and "refused".
export class Saver extends EventTarget {
  constructor(store) {
    super();
    this.store = store;
    this.isSending = false;
    this.tries = 0;
    this.timer = null;
    this.keptAt = null;
    this.count = 0;
    this.listTag = null;
    store.pending = restore();
    store.rebuild();
    addEventListener("online", () => this.retry());
    setInterval(() => this.poll(), POLL);
    this.tell(store.pending.length ? "sending" : "idle");
    this.send();
  }

  // Keep an operation. Return its id.
  operate(operation, seen) {
    return this.add({ kind: "operation", operation }, seen);
  }

  // Keep what a person does: an operation, a verdict, an undo or a redo.
  //
  // It is about the version that the person saw, unless it follows from something that waits.
  add(item, seen = this.store.etag) {
    this.count += 1;
    item.id = makeId();
    item.at = Date.now() + this.count / 1000;
    const isReverting = item.kind === "undo" || item.kind === "redo";
    const isDependent = this.store.pending.some((earlier) => dependsOn(item, earlier));
    item.seen = isReverting || isDependent ? null : seen;
    this.store.pending.push(item);
    remember(item);
    this.store.rebuild();
    this.tell("sending");
    this.send();
    return item.id;
  }

  // Replace the times that were set just before, if they were not sent yet.
  coalesce(cue, start, end) {
    const last = this.store.pending.at(-1);
    const isFirst = this.store.pending.length === 1;
    if (last?.operation?.kind !== "times" || last.operation.cue !== cue) return false;
    if (isFirst && this.isSending) return false;
    last.operation = { ...last.operation, start, end };
    last.id = makeId(last.id);
    remember(last);
    this.store.rebuild();
    return true;
  }

  get isIdle() {
    return this.store.pending.length === 0;
  }

  // Wait until everything is kept. Return whether it is.
  async settle() {
    this.retry();
    while (!this.isIdle && (this.isSending || this.tries === 0)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.isIdle;
  }

  retry() {
    clearTimeout(this.timer);
    this.timer = null;
    this.tries = 0;
    this.send();
  }

  async send() {
    if (this.isSending || this.timer !== null) return;
    this.isSending = true;
    try {
      while (this.store.pending.length) {
        if (!(await this.sendFirst())) break;
      }
    } finally {
      this.isSending = false;
    }
  }

  // Send what waits longest. Return whether the next one can be sent.
  async sendFirst() {
    const item = this.store.pending[0];
    let answer;
    try {
      answer = await call(...requestOf(item, item.seen ?? this.store.etag));
    } catch (error) {
      if (!(error instanceof NetworkAwayError)) throw error;
      return this.wait("away");
    }
    if (answer.status === 200) {
      await this.confirm(item, answer.body);
      return true;
    }
    const name = problemName(answer);
    if (LATER.has(answer.status) || name === "still-running") {
      const seconds = Number(answer.headers.get("Retry-After") ?? 0);
      const isSignedOut = answer.status === 401 || answer.status === 403;
      if (isSignedOut) await renewToken();
      return this.wait(isSignedOut ? "signed-out" : "busy", seconds * 1000);
    }
    await this.refuse(item, answer, name);
    return true;
  }

  async confirm(item, body) {
    this.tries = 0;
    this.drop([item]);
    let hasOthers = false;
    if (item.cue !== undefined) this.store.confirmVerdict(item.cue, item.body?.verdict ?? null);
    else hasOthers = this.store.confirm(body);
    this.store.rebuild();
    this.keptAt = new Date();
    this.dispatchEvent(new CustomEvent("kept", { detail: { item, body } }));
    this.tell(this.isIdle ? "kept" : "sending");
    if (hasOthers) await this.refresh();
  }

  // What the server does not take is shown, with what waits that builds on it. Nothing is lost.
  async refuse(item, answer, name) {
    const dropped = [item];
    for (const later of this.store.pending.slice(1)) {
      if (dropped.some((earlier) => buildsOn(later, earlier))) dropped.push(later);
    }
    const touched = new Set(dropped.flatMap((one) => [...(touchedCues(one) ?? [])]));
    const mine = [...touched].map((id) => this.store.cues.get(id)).filter(Boolean);
    this.drop(dropped);
    await this.refresh(true);
    this.store.rebuild();
    this.tell(this.isIdle ? "idle" : "sending");
    const detail = { name, mine, item, body: answer.body ?? {}, cues: answer.body?.cues ?? [] };
    const type = name === "changed-meanwhile" ? "conflict" : "refused";
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  wait(why, least = 0) {
    const pause = PAUSES[Math.min(this.tries, PAUSES.length - 1)];
    this.tries += 1;
    this.tell(why);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.send();
    }, Math.max(pause, least));
    return false;
  }

  drop(items) {
    this.store.pending = this.store.pending.filter((one) => !items.includes(one));
    for (const item of items) forget(item);
  }

  // Read the whole list again, if it is another one.
  async refresh(isForced = false) {
    try {
      const known = isForced ? null : this.listTag;
      const answer = await call(`${reviewPath}/list`, { known });
      if (answer.status !== 200) return;
      this.listTag = answer.headers.get("ETag");
      this.store.load(answer.body);
    } catch {
      // It is read again later.
    }
  }

  poll() {
    if (!document.hidden && this.isIdle && !this.isSending) this.refresh();
  }

  tell(state) {
    const detail = { state, count: this.store.pending.length, keptAt: this.keptAt };
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

function requestOf(item, etag) {
  if (item.kind === "verdict" || item.kind === "unjudge") {
    const method = item.kind === "verdict" ? "PUT" : "DELETE";
    const path = `${reviewPath}/verdicts/${encodeURIComponent(item.cue)}`;
    return [path, { method, etag, body: item.body }];
  }
  if (item.kind === "operation") {
    const body = { id: item.id, operation: item.operation };
    return [`${reviewPath}/operations`, { method: "POST", etag, body }];
  }
  return [`${reviewPath}/${item.kind}`, { method: "POST", etag, body: { id: item.id } }];
}

// Make an id. crypto.randomUUID is not there on plain http, which a home network has.
function makeId(replaced) {
  if (replaced !== undefined) forget({ id: replaced });
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function remember(item) {
  try {
    localStorage.setItem(PREFIX + item.id, JSON.stringify(item));
  } catch {
    // Without a store it is in memory only, until it is sent.
  }
}

function forget(item) {
  try {
    localStorage.removeItem(PREFIX + item.id);
  } catch {
    // There is no store.
  }
}

function restore() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    const items = keys.map((key) => JSON.parse(localStorage.getItem(key)));
    return items.sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}
