// What an operation will do to the cues, shown until the server answers. Its answer always wins.
//
// Cues are never changed in place: a changed one is a new object.

import data, { roundTime } from "./review-data.js";

const MAX_ROUNDING = 0.0015; // seconds by which a shift may change a length

// Apply what waits to be kept to a map of cues by their ids.
export function applyItem(cues, item) {
  if (item.kind === "verdict" || item.kind === "unjudge") {
    const cue = cues.get(item.cue);
    if (cue !== undefined) cues.set(item.cue, { ...cue, verdict: item.body?.verdict ?? null });
  } else if (item.kind === "operation") {
    const made = { count: 0, id: item.id };
    for (const part of partsOf(item.operation)) APPLIERS[part.kind]?.(cues, part, made);
  }
}

// Return the ids of the cues that something that waits touches; null if it may be any.
export function touchedCues(item) {
  if (item.cue !== undefined) return new Set([item.cue]);
  if (item.kind !== "operation") return null;
  const touched = new Set();
  for (const part of partsOf(item.operation)) {
    if (part.cue === undefined && part.cues === undefined && part.kind !== "insert") return null;
    for (const id of part.cues ?? (part.cue === undefined ? [] : [part.cue])) touched.add(id);
  }
  return touched;
}

// Check whether something that waits may be about what another one changes.
export function dependsOn(item, earlier) {
  return touchedCues(item) === null || touchedCues(earlier) === null || buildsOn(item, earlier);
}

// Check whether something that waits makes no sense without an operation before it.
export function buildsOn(item, earlier) {
  const [mine, theirs] = [touchedCues(item), touchedCues(earlier)];
  if (mine === null || theirs === null || earlier.kind !== "operation") return false;
  return [...mine].some((id) => theirs.has(id) || id.startsWith(`${earlier.id}.`));
}

// Return when the second cue of a split begins: as late as its text stands in the whole.
function splitTime(cue, first, second) {
  const [before, after] = [first, second].map((lines) => lines.join("").trim().length);
  const share = before && after ? before / (before + after) : 0.5;
  return roundTime(cue.start + (cue.end - cue.start) * share);
}

// Return the ids of cues in the order of a document.
export function sortCues(cues) {
  const sorted = [...cues.values()].sort(
    (a, b) =>
      a.start - b.start ||
      a.end - b.end ||
      a.id.length - b.id.length ||
      (a.id < b.id ? -1 : Number(a.id > b.id)),
  );
  return sorted.map((cue) => cue.id);
}

function partsOf(operation) {
  return operation.kind === "compound" ? operation.parts : [operation];
}

function change(cues, id, values) {
  const cue = cues.get(id);
  if (cue === undefined) return;
  const isOther = values.text !== undefined && values.text !== cue.text;
  const doubt = isOther ? null : cue.doubt;
  const changed = { ...cue, ...values, doubt, changed: true, findings: null };
  const isLonger = Math.abs(changed.end - changed.start - (cue.end - cue.start)) > MAX_ROUNDING;
  cues.set(id, { ...changed, reworked: cue.reworked || isOther || isLonger });
}

function insert(cues, made, start, end, lines) {
  made.count += 1;
  const id = `${made.id}.${made.count}`;
  const text = lines.join("\n");
  cues.set(id, {
    id, start, end, text, doubt: null, verdict: null, changed: true, reworked: true, findings: null,
  });
}

function snapped(time, times, distance) {
  let best = time;
  for (const one of times) {
    const isNear = Math.abs(one - time) <= distance;
    if (isNear && (best === time || Math.abs(one - time) < Math.abs(best - time))) best = one;
  }
  return best;
}

const APPLIERS = {
  text: (cues, part) => change(cues, part.cue, { text: part.lines.join("\n") }),
  take: (cues, part) => change(cues, part.cue, { text: part.text }),
  times: (cues, part) => change(cues, part.cue, { start: part.start, end: part.end }),
  split(cues, part, made) {
    const cue = cues.get(part.cue);
    if (cue === undefined) return;
    const at = part.at ?? splitTime(cue, part.first, part.second);
    const gap = data.rules.min_gap;
    const end = gap < (at - cue.start) / 2 ? roundTime(at - gap) : at;
    change(cues, part.cue, { end, text: part.first.join("\n") });
    insert(cues, made, at, cue.end, part.second);
  },
  merge(cues, part) {
    const found = sortCues(new Map(part.cues.map((id) => [id, cues.get(id)]).filter((one) => one[1])));
    const [first, ...others] = found;
    if (others.length === 0) return;
    const merged = found.map((id) => cues.get(id));
    const text = merged.map((cue) => cue.text).filter(Boolean).join("\n");
    change(cues, first, { end: Math.max(...merged.map((cue) => cue.end)), text });
    for (const id of others) cues.delete(id);
  },
  insert: (cues, part, made) => insert(cues, made, part.start, part.end, part.lines),
  delete: (cues, part) => part.cues.forEach((id) => cues.delete(id)),
  snap(cues, part) {
    for (const id of part.cues.filter((one) => cues.has(one))) {
      const cue = cues.get(id);
      const start = snapped(cue.start, part.times, part.max_distance);
      const end = snapped(cue.end, part.ends ?? part.times, part.max_distance);
      change(cues, id, { start, end: end > start ? end : cue.end });
    }
  },
};
