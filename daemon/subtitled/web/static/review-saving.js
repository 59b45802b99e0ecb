// Keeps what a person does: sends it in order, again while the network is away, and after a reload.
//
// What waits is in localStorage until the server has it, each under its own id. The server applies
// an id once, however often it is sent.

import { NetworkAwayError, call, problemName, renewToken } from "./review-api.js";
import { reviewPath } from "./review-data.js";
import {
  UNANSWERED, discard, forget, readItem, remember, restore, restoreWaiting, store,
} from "./review-kept.js";
import { buildsOn, dependsOn, touchedCues } from "./review-operations.js";

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
    this.changes = 0; // how often something was done or kept
    this.listTag = null;
    store.pending = restoreWaiting();
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
  // It is about the version that the person saw (`saw`). If it follows from something that waits,
  // the version that it names (`seen`) is not known yet.
  add(item, seen = this.store.etag) {
    this.count += 1;
    this.changes += 1;
    item.id = makeId();
    item.at = Date.now() + this.count / 1000;
    const isReverting = item.kind === "undo" || item.kind === "redo";
    const isDependent = this.store.pending.some((earlier) => dependsOn(item, earlier));
    item.saw = isReverting ? null : seen;
    item.seen = isDependent ? null : item.saw;
    this.store.pending.push(item);
    remember(item);
    this.store.rebuild();
    this.tell("sending");
    this.send();
    return item.id;
  }

  // Replace the times that were set just before, if they were never sent: the server may have those,
  // even if its answer was lost.
  coalesce(cue, start, end) {
    const last = this.store.pending.at(-1);
    if (last?.operation?.kind !== "times" || last.operation.cue !== cue) return false;
    if (last.wasSent) return false;
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
    item.wasSent = true;
    let answer;
    try {
      answer = await call(...requestOf(item, item.seen ?? this.store.etag));
    } catch (error) {
      if (!(error instanceof NetworkAwayError)) throw error;
      return this.wait("away");
    }
    if (answer.status === 200) {
      return this.confirm(item, answer.body);
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

  // Take over what the server kept. Return whether the next one can be sent.
  //
  // What others did since is read first: else the version that the next edit names would have cues
  // that the person did not see. Without it, the same is sent again, and applied once.
  async confirm(item, body) {
    const isVerdict = item.cue !== undefined;
    const hasOthers = !isVerdict && this.store.hasOthers(body);
    const list = hasOthers ? await this.readList() : null;
    if (hasOthers && list === null) return this.wait("away");
    this.tries = 0;
    this.changes += 1;
    this.drop([item]);
    if (isVerdict) {
      this.store.confirmVerdict(item.cue, item.body?.verdict ?? null);
    } else {
      this.release((body.operation?.cues ?? []).map((part) => part.cue), body.etag);
      this.store.confirm(body);
    }
    this.store.rebuild();
    if (list !== null) this.store.load(list);
    this.keptAt = new Date();
    this.dispatchEvent(new CustomEvent("kept", { detail: { item, body } }));
    this.tell(this.isIdle ? "kept" : "sending");
    return true;
  }

  // Name the versions of what waits no longer for something before it.
  //
  // Where an edit changed the cues that it is about, that is the version which the edit made, else
  // still the one that the person saw. So what others did to these cues meanwhile is noticed.
  release(changed, etag) {
    this.store.pending.forEach((item, place) => {
      const touched = touchedCues(item);
      if (item.seen !== null || !item.saw || touched === null) return;
      if (changed.some((id) => touched.has(id))) item.saw = etag;
      const earlier = this.store.pending.slice(0, place);
      if (!earlier.some((one) => dependsOn(item, one))) item.seen = item.saw;
      remember(item);
    });
  }

  // What the server does not take is shown, with what waits that builds on it. Nothing is lost.
  async refuse(item, answer, name) {
    const dropped = [item];
    for (const later of this.store.pending.slice(1)) {
      if (dropped.some((earlier) => buildsOn(later, earlier))) dropped.push(later);
    }
    const touched = new Set(dropped.flatMap((one) => [...(touchedCues(one) ?? [])]));
    const mine = [...touched].map((id) => this.store.cues.get(id)).filter(Boolean);
    const detail = { name, mine, item, body: answer.body ?? {}, cues: answer.body?.cues ?? [] };
    const type = name === "changed-meanwhile" ? "conflict" : "refused";
    // It is kept before what waits is dropped, so that a reload at any moment shows it again.
    if (name !== "nothing-to-revert") store(UNANSWERED + item.id, { type, detail });
    this.changes += 1;
    this.drop(dropped);
    this.release([], null);
    const list = await this.readList();
    if (list !== null) this.store.load(list);
    this.store.rebuild();
    this.tell(this.isIdle ? "idle" : "sending");
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // Show again what the person had not answered when the page was left.
  tellUnanswered() {
    const waiting = new Set(this.store.pending.map((item) => item.id));
    for (const { type, detail } of restore(UNANSWERED)) {
      if (waiting.has(detail.item.id)) continue; // it is sent again, and answered anew
      for (const one of detail.cues) one.theirs = this.store.confirmed.get(one.cue) ?? null;
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }
  }

  // Forget what could not be kept: all of it, or the version of one cue. The person has answered.
  answer(id, cue) {
    const key = UNANSWERED + id;
    const [known] = readItem(key);
    const left = cue === undefined ? [] : (known?.detail.cues ?? []).filter((one) => one.cue !== cue);
    if (left.length === 0) return discard(key);
    return store(key, { ...known, detail: { ...known.detail, cues: left } });
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

  // Read the whole list; null if it is the known one, or cannot be had.
  async readList(known = null) {
    try {
      const answer = await call(`${reviewPath}/list`, { known });
      if (answer.status !== 200) return null;
      this.listTag = answer.headers.get("ETag");
      return answer.body;
    } catch {
      return null;
    }
  }

  // Look at what others did. A list that is older than what was done here meanwhile does not count.
  async poll() {
    if (document.hidden || !this.isIdle || this.isSending) return;
    const { changes } = this;
    const list = await this.readList(this.listTag);
    if (changes !== this.changes) this.listTag = null;
    else if (list !== null) this.store.load(list);
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
