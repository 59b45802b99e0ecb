// The current cue: its text and times in fields, its values while they change, and why it is doubtful.

import { read } from "./review-api.js";
import data, {
  byId, describeReason, make, makeWords, readTime, reviewPath, say, translatePhrase, writeTime,
} from "./review-data.js";
import { makeMarks } from "./review-list.js";
import { measureCue } from "./review-measures.js";

const REST = 120; // milliseconds until more is read about a cue on which a person stays

export class Box {
  constructor(store, take) {
    this.store = store;
    this.take = take;
    this.id = null;
    this.base = null; // what the fields began with
    this.seen = store.etag; // the version of it
    this.isForeign = false; // whether others changed the cue since
    this.details = null;
    this.timer = null;
    this.text = byId("box-text");
    this.start = byId("box-start");
    this.end = byId("box-end");
    for (const field of [this.text, this.start, this.end]) {
      field.readOnly = !data.may_edit;
      field.addEventListener("input", () => this.measure());
    }
  }

  get cue() {
    return this.store.cues.get(this.id);
  }

  get isTyped() {
    if (this.base === null) return false;
    return (
      this.text.value !== this.base.text ||
      this.start.value !== writeTime(this.base.start) ||
      this.end.value !== writeTime(this.base.end)
    );
  }

  // Show a cue, and soon read what is known about it.
  show(id) {
    this.id = id;
    this.details = null;
    this.fill();
    this.readSoon();
  }

  // Show the current cue as it is now, unless a person types in it.
  //
  // What is typed is about the version that the person saw. Their own edits make another one, but
  // what others did to the cue meanwhile was not seen.
  update(changed, isOwn) {
    if (!this.isTyped) this.fill();
    else if (changed.has(this.id) && !isOwn) this.isForeign = true;
    else if (!this.isForeign) this.seen = this.store.etag;
    if (changed.has(this.id)) this.readSoon();
  }

  fill() {
    const cue = this.cue;
    const isThere = cue !== undefined;
    byId("box-fields").hidden = !isThere;
    byId("box-heading").textContent = isThere
      ? `${say("cue")} ${this.store.places.get(this.id) + 1} / ${this.store.order.length}`
      : say("no_cue");
    if (!isThere) return;
    this.base = cue;
    this.isForeign = false;
    this.seen = this.store.etag;
    if (this.text.value !== cue.text) this.text.value = cue.text;
    this.start.value = writeTime(cue.start);
    this.end.value = writeTime(cue.end);
    const marks = makeMarks(cue, this.store.isDoubtful(this.id));
    byId("box-marks").replaceChildren(...marks);
    this.showDetails();
    this.measure();
  }

  // Return the operation that keeps what was typed; null if nothing was. Null times are told.
  typedOperation() {
    if (!this.isTyped || !data.may_edit) return null;
    const parts = [];
    const [start, end] = [readTime(this.start.value), readTime(this.end.value)];
    const cue = this.id;
    if (start !== null && end !== null && start < end) {
      if (start !== this.base.start || end !== this.base.end) {
        parts.push({ kind: "times", cue, start, end });
      }
    }
    if (this.text.value !== this.base.text) {
      parts.push({ kind: "text", cue, lines: this.text.value.split("\n") });
    }
    if (parts.length === 0) return null;
    return parts.length === 1 ? parts[0] : { kind: "compound", parts };
  }

  // Check whether the times make sense, as far as they were typed.
  hasValidTimes() {
    const [start, end] = [readTime(this.start.value), readTime(this.end.value)];
    return start !== null && end !== null && start < end;
  }

  // Forget what was typed: it is kept now, or given up.
  settle() {
    this.base = null;
    this.fill();
  }

  measure() {
    const cue = this.cue;
    if (cue === undefined) return;
    const typed = {
      text: this.text.value,
      start: readTime(this.start.value) ?? cue.start,
      end: readTime(this.end.value) ?? cue.end,
    };
    const isShown = this.store.confirmed.get(this.id) === cue && !this.isTyped;
    const read = this.details?.of === cue ? this.details.measures : cue.measures;
    const known = isShown ? read : undefined;
    const values = measureCue(typed, this.store.near(this.id, 1), known);
    for (const [name, { value, limit, severity }] of Object.entries(values)) {
      const row = byId(`measure-${name}`);
      row.querySelector("[data-value]").textContent = value;
      row.querySelector("[data-limit]").textContent = limit;
      const result = row.querySelector("[data-result]");
      result.textContent = severity === null ? say("good") : data.severities[severity];
      result.className = severity === null ? "" : `severity-${severity}`;
    }
    byId("measures").dataset.from = known === undefined ? "page" : "server";
  }

  readSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.readDetails(), REST);
  }

  async readDetails() {
    if (this.store.pending.length > 0) {
      this.readSoon();
      return;
    }
    const id = this.id;
    const [cue, etag] = [this.cue, this.store.etag];
    if (cue === undefined) return;
    const answer = await read(`${reviewPath}/cues/${encodeURIComponent(id)}`);
    const isStill = answer !== null && this.id === id && this.store.etag === etag;
    if (!isStill || this.store.confirmed.get(id) !== cue) return;
    const { cps, line_length, gap } = answer.cue;
    this.details = { ...answer, measures: { cps, line_length, gap }, of: cue };
    this.showDetails();
    this.measure();
  }

  showDetails() {
    const details = this.details?.of === this.cue ? this.details : null;
    const reasons = details?.cue.reasons ?? [];
    byId("box-reasons").replaceChildren(
      ...reasons.map((reason) => make("li", {}, describeReason(reason))),
    );
    byId("box-why").hidden = reasons.length === 0;
    byId("box-findings").replaceChildren(
      ...(details?.findings ?? [])
        .filter((one) => one.cue === this.id)
        .map((one) => this.makeFinding(one)),
    );
    const source = details?.source ?? null;
    byId("box-source").hidden = source === null;
    byId("box-source-text").replaceChildren(
      ...(source?.cues ?? []).map((one) => make("p", {}, makeWords(one.text, source.language, "auto"))),
    );
    const others = details?.alternatives ?? [];
    byId("box-others").hidden = others.length === 0;
    byId("box-alternatives").replaceChildren(...others.map((one) => this.makeAlternative(one)));
  }

  // Return what another engine understood, by its number.
  alternative(number) {
    const details = this.details?.of === this.cue ? this.details : null;
    return details?.alternatives?.find((one) => one.number === number);
  }

  makeFinding(finding) {
    const name = data.rule_names[finding.rule] ?? finding.rule;
    const text = `${data.severities[finding.severity]}: ${name}`;
    return make(
      "li", {},
      make("span", { className: `severity-${finding.severity}` }, text),
      ` (${translatePhrase(finding.detail)})`,
    );
  }

  makeAlternative(one) {
    const button = make(
      "button",
      { type: "button", className: "quiet", disabled: !data.may_edit },
      `${one.number} · ${one.engine}`,
    );
    button.addEventListener("click", () => this.take(one.number));
    return make("li", {}, button, " ", makeWords(one.lines.join("\n")));
  }
}
