// The cues as the server has them, and as they are shown: with what is not kept yet.

import { applyItem, sortCues } from "./review-operations.js";

export class Store extends EventTarget {
  constructor(list) {
    super();
    this.confirmed = new Map();
    this.cues = new Map(); // as they are shown
    this.order = [];
    this.pending = []; // what waits to be kept, the oldest first
    this.halves = new Map(); // cues that were made, by the cue that they were split from
    this.load(list);
  }

  // Take over what the server says of the whole subtitle.
  load(list) {
    const before = this.confirmed;
    this.confirmed = new Map(
      list.cues.map((cue) => {
        const known = before.get(cue.id);
        return [cue.id, known !== undefined && isSame(known, cue) ? known : cue];
      }),
    );
    Object.assign(this, {
      version: list.version,
      etag: list.etag,
      status: list.status,
      ways: list.ways,
      gaps: list.gaps,
      undo: list.undo,
      redo: list.redo,
    });
    this.doubtful = new Set(list.ways.worst);
    this.rebuild(false);
  }

  // Check whether others edited since the version before an edit, as far as its answer tells.
  hasOthers(answer) {
    const own = answer.operation === null ? 0 : 1; // nothing is stored if everything was so already
    return answer.is_repeated || answer.version > this.version + own;
  }

  // Take over the answer to an edit.
  confirm(answer) {
    const findings = new Map();
    for (const one of answer.findings) {
      findings.set(one.cue, [...(findings.get(one.cue) ?? []), [one.rule, one.severity]]);
    }
    for (const entry of answer.cues) {
      this.confirmed.set(entry.id, toCue(entry, findings.get(entry.id) ?? []));
    }
    for (const id of answer.deleted) this.confirmed.delete(id);
    const { version, etag, undo, redo } = answer;
    Object.assign(this, { version, etag, undo, redo });
  }

  confirmVerdict(id, verdict) {
    const cue = this.confirmed.get(id);
    if (cue !== undefined) this.confirmed.set(id, { ...cue, verdict });
  }

  // Compute what is shown, and tell which cues are other ones than before.
  rebuild(isOwn = true) {
    const before = this.cues;
    const beforeOrder = this.order;
    this.cues = new Map(this.confirmed);
    for (const item of this.pending) applyItem(this.cues, item);
    this.order = sortCues(this.cues);
    this.places = new Map(this.order.map((id, place) => [id, place]));
    const changed = new Set();
    for (const [id, cue] of this.cues) if (before.get(id) !== cue) changed.add(id);
    for (const id of before.keys()) if (!this.cues.has(id)) changed.add(id);
    const isReordered =
      this.order.length !== beforeOrder.length ||
      this.order.some((id, place) => id !== beforeOrder[place]);
    this.dispatchEvent(new CustomEvent("change", { detail: { changed, isReordered, isOwn } }));
  }

  // Return the cue a number of places later in the film, or earlier if it is negative.
  near(id, distance) {
    const place = this.places.get(id);
    return place === undefined ? undefined : this.cues.get(this.order[place + distance]);
  }

  isSeen(id) {
    const cue = this.cues.get(id);
    return cue === undefined || cue.verdict !== null || cue.reworked;
  }

  isDoubtful(id) {
    return this.doubtful.has(id);
  }

  // Return the cues of a way through, in its order. A cue that was split brings its second half.
  route(way) {
    if (way === "straight") return this.order;
    const route = this.ways[way].flatMap((id) => [id, ...(this.halves.get(id) ?? [])]);
    return [...new Set(route)].filter((id) => this.cues.has(id));
  }

  // Return how many cues of a way were seen, and how many there are.
  progress(way) {
    const route = this.route(way);
    return [route.filter((id) => this.isSeen(id)).length, route.length];
  }

  // Return the next cue of a way that was not seen, after one, else before it.
  nextUnseen(way, id) {
    const route = this.route(way);
    const place = route.indexOf(id);
    const ahead = [...route.slice(place + 1), ...route.slice(0, Math.max(0, place))];
    return ahead.find((one) => one !== id && !this.isSeen(one));
  }

  // Return the cue that is on screen at a time, or else the last one before it.
  cueAt(time) {
    let found;
    for (const id of this.order) {
      if (this.cues.get(id).start > time) break;
      found = id;
    }
    return found;
  }
}

function toCue(entry, findings) {
  return {
    id: entry.id,
    start: entry.start,
    end: entry.end,
    text: entry.lines.join("\n"),
    doubt: entry.probability,
    verdict: entry.verdict?.verdict ?? null,
    changed: entry.is_changed,
    reworked: entry.is_reworked,
    findings,
    measures: { cps: entry.cps, line_length: entry.line_length, gap: entry.gap },
  };
}

const FIELDS = ["start", "end", "text", "doubt", "verdict", "changed", "reworked"];

function isSame(known, cue) {
  return (
    FIELDS.every((field) => known[field] === cue[field]) &&
    String(known.findings) === String(cue.findings)
  );
}
