// The values of a cue while it is typed, and which limits they break, before the server says so.
//
// They follow the server's rules as far as a table of this size can; its own numbers replace them.

import data from "./review-data.js";

const HALF_WIDTH = ["zh", "yue", "ja", "ko"].includes(data.language.split("-")[0].toLowerCase());
const TAGS = /<\/?[bisu]>|<font color="[^"<>]*">|<\/font>|\{\\an\d\}/g;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6…“”‘’—·⋯]/u;

// Return the columns that a text takes.
function measureWidth(text) {
  let width = 0;
  for (const character of text.replace(TAGS, "")) {
    if (NO_WIDTH.test(character)) continue;
    width += HALF_WIDTH && !WIDE.test(character) ? 0.5 : 1;
  }
  return width;
}

// Return the values of a cue, and how much it matters that one is outside its limit.
//
// The next cue of the film gives the gap; there is none after the last.
export function measureCue(cue, next, known) {
  const { rules, tolerance } = data;
  const lines = cue.text.replace(TAGS, "").split("\n");
  const columns = measureWidth(cue.text.replaceAll("\n", ""));
  const duration = cue.end - cue.start;
  const cps = known?.cps ?? (duration > 0 ? columns / duration : 0);
  const longest = known?.line_length ?? Math.max(...lines.map((line) => measureWidth(line.trim())));
  const gap = known !== undefined ? known.gap : next === undefined ? null : next.start - cue.end;
  const isEmpty = lines.join("").trim() === "";
  const isTooFast = columns > rules.max_cps * (duration + tolerance);
  const isShort = duration < rules.min_duration - tolerance;
  const isLong = duration > rules.max_duration + tolerance;
  const warnIf = (is) => (is ? "warning" : null);
  return {
    cps: { value: round(cps, 2), limit: `≤ ${round(rules.max_cps, 2)}`, severity: warnIf(isTooFast) },
    line_length: {
      value: round(longest, 2),
      limit: `≤ ${round(rules.max_line_length, 2)}`,
      severity: warnIf(longest > rules.max_line_length),
    },
    lines: {
      value: isEmpty ? "0" : String(lines.length),
      limit: `1–${rules.max_lines}`,
      severity: isEmpty ? "error" : warnIf(lines.length > rules.max_lines),
    },
    duration: {
      value: `${duration.toFixed(3)} s`,
      limit: `${rules.min_duration.toFixed(2)}–${round(rules.max_duration, 2)} s`,
      severity: duration <= 0 ? "error" : warnIf(isShort || isLong),
    },
    gap: {
      value: gap === null ? "–" : `${gap.toFixed(3)} s`,
      limit: `≥ ${rules.min_gap.toFixed(3)} s`,
      severity: gapSeverity(gap),
    },
  };
}

function gapSeverity(gap) {
  const { rules, tolerance } = data;
  if (gap === null) return null;
  if (gap < -tolerance) return "error";
  if (gap < rules.min_gap - tolerance) return "warning";
  const isFlash = gap > rules.min_gap + tolerance && gap < rules.chain_gap - tolerance;
  return isFlash ? "advice" : null;
}

function round(number, decimals) {
  return String(Number(number.toFixed(decimals)));
}
