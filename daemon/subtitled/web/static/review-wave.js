// The waveform of a window with its cues, the words, the shot changes, and where somebody speaks.
//
// wavesurfer.js draws the sound and the cues. It is not part of this program and may be missing;
// then there is no waveform, and everything else works.

import { read } from "./review-api.js";
import data, { byId, reviewPath, roundTime } from "./review-data.js";

const GRID = 8; // seconds; windows begin at multiples, so that they are found again
const WINDOW = 32; // seconds
const REST = 150; // milliseconds until the window of a cue is read
const SHOT_GRID = 30; // seconds; windows of shots are kept by the server, so they are few
const SHOT_PAUSE = 1500; // milliseconds; who only passes by does not have the film decoded
const MAX_SHOT_FAILURES = 3; // a film without a picture is not asked for ever
const SPEECH_GAP = 0.6; // seconds between words that belong to the same speech
const UNSURE = 0.5; // a word that was recognised with less confidence is marked

export class Wave {
  // The callbacks are told when a person chooses a cue, sets its times, or clicks at a time. The
  // last one returns a promise until the sound that is wanted is there: it goes first.
  constructor(store, { choose, setTimes, seek, isHeard }) {
    this.store = store;
    this.span = null;
    this.current = null;
    this.words = [];
    this.shots = { shots: [], ends: [] };
    this.frame = 1 / 24;
    this.shotFailures = 0;
    this.time = null;
    this.canvas = byId("wave-marks");
    this.callbacks = { choose, setTimes, seek, isHeard };
    this.requests = new Map();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.isReady = this.start();
  }

  // Read wavesurfer.js. Return whether it is there.
  async start() {
    if (!data.has_waveform) return false;
    try {
      const folder = `${data.base}/static`;
      this.scripts = await Promise.all([
        import(`${folder}/wavesurfer.esm.js`),
        import(`${folder}/wavesurfer-regions.esm.js`),
      ]);
      return true;
    } catch {
      return false;
    }
  }

  // Make the waveform, once there is a sound to draw.
  build() {
    const [{ default: WaveSurfer }, { default: Regions }] = this.scripts;
    byId("wave").hidden = false;
    this.regions = Regions.create();
    this.surfer = WaveSurfer.create({
      container: byId("wave-form"),
      cspNonce: data.nonce,
      height: 96,
      interact: false,
      cursorWidth: 0,
      hideScrollbar: true,
      normalize: true,
      waveColor: colour("--soft"),
      progressColor: colour("--soft"),
      plugins: [this.regions],
    });
    this.regions.on("region-clicked", (region) => this.callbacks.choose(region.cue));
    this.regions.on("region-updated", (region) => {
      const [start, end] = [region.start, region.end].map((one) => roundTime(one + this.span.start));
      this.callbacks.setTimes(region.cue, start, end);
    });
    byId("wave").addEventListener("click", (event) => {
      const box = byId("wave").getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      if (this.span !== null) this.callbacks.seek(this.span.start + share * this.length);
    });
  }

  get length() {
    return this.span.end - this.span.start;
  }

  // Show the window around a cue.
  async show(id) {
    this.current = id;
    const cue = this.store.cues.get(id);
    if (cue === undefined) return;
    const middle = (cue.start + cue.end) / 2;
    const isInside = this.span !== null && cue.start >= this.span.start + 1 && cue.end <= this.span.end - 1;
    if (isInside) this.drawCues();
    else await this.move(windowAround(middle));
  }

  async move(span) {
    this.span = span;
    this.words = [];
    this.shots = { shots: [], ends: [] };
    this.draw();
    const isStill = () => this.span === span;
    await new Promise((resolve) => setTimeout(resolve, REST));
    await this.callbacks.isHeard();
    if (!isStill()) return;
    const [isReady, peaks] = await Promise.all([
      this.isReady,
      this.fetch(`peaks?start=${span.start}&end=${span.end}&per_second=50`),
    ]);
    if (!isStill()) return;
    if (isReady && peaks !== null && peaks.peaks[0].length > 0) {
      if (peaks.end < span.end) span.end = peaks.end;
      if (this.surfer === undefined) this.build();
      await this.surfer.load("", peaks.peaks, this.length).catch(() => {});
      if (isStill()) this.drawCues();
    }
    await this.loadMarks(span, isStill);
  }

  async loadMarks(span, isStill) {
    const words = await this.fetch(`words?start=${span.start}&end=${span.end}`);
    if (!isStill()) return;
    this.words = words?.words ?? [];
    this.draw();
    await new Promise((resolve) => setTimeout(resolve, SHOT_PAUSE));
    const first = Math.floor(span.start / SHOT_GRID) * SHOT_GRID;
    for (let start = first; start < span.end; start += SHOT_GRID) {
      if (!isStill() || this.shotFailures >= MAX_SHOT_FAILURES) return;
      const found = await this.fetch(`shots?start=${start}&end=${start + SHOT_GRID}`);
      if (!isStill()) return;
      this.shotFailures = found === null ? this.shotFailures + 1 : 0;
      if (found === null) continue;
      if (found.frame_rate > 0) this.frame = 1 / found.frame_rate;
      this.shots = {
        shots: [...this.shots.shots, ...found.shots],
        ends: [...this.shots.ends, ...found.ends],
      };
      this.draw();
    }
  }

  // Read a route of the review; what was read before is not asked for again.
  fetch(query) {
    if (!this.requests.has(query)) {
      const answer = read(`${reviewPath}/${query}`);
      this.requests.set(query, answer);
      answer.then((body) => body === null && this.requests.delete(query));
      if (this.requests.size > 60) this.requests.delete(this.requests.keys().next().value);
    }
    return this.requests.get(query);
  }

  // Show where the sound is.
  moveCursor(time) {
    this.time = time;
    this.draw();
    if (this.span !== null && time > this.span.end && this.store.cueAt(time) !== undefined) {
      this.move({ start: this.span.end, end: this.span.end + WINDOW });
    }
  }

  // Draw the cues of the window. Only the current one can be pulled at its ends.
  drawCues() {
    this.draw();
    if (this.regions === undefined || this.span === null) return;
    this.regions.clearRegions();
    const { start, end } = this.span;
    for (const id of this.store.order) {
      const cue = this.store.cues.get(id);
      if (cue.end <= start || cue.start >= end) continue;
      const isCurrent = id === this.current;
      const region = this.regions.addRegion({
        start: cue.start - start,
        end: cue.end - start,
        drag: false,
        resize: isCurrent && data.may_edit,
        color: isCurrent ? "rgba(31, 95, 139, 0.4)" : "rgba(128, 128, 128, 0.2)",
      });
      region.cue = id;
    }
  }

  // Draw words, shot changes, speech and the place of the sound above the waveform.
  draw() {
    const context = prepareCanvas(this.canvas);
    if (context === null || this.span === null) return;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const x = (time) => ((time - this.span.start) / this.length) * width;
    const bar = (time, wide, top, bottom) => context.fillRect(x(time), top, wide, bottom - top);
    const [sure, unsure] = ["--strong", "--error"].map(colour);
    context.fillStyle = colour("--good");
    for (const [start, end] of joinSpeech(this.words)) {
      context.fillRect(x(start), height - 4, Math.max(1, x(end) - x(start)), 4);
    }
    for (const word of this.words) {
      const isUnsure = word.confidence !== null && word.confidence < UNSURE;
      context.fillStyle = isUnsure ? unsure : sure;
      bar(word.start, 1, height - (isUnsure ? 22 : 14), height - 4);
    }
    context.fillStyle = colour("--warn");
    for (const shot of this.shots.shots) bar(shot, 2, 0, height);
    context.fillStyle = colour("--error");
    if (this.time !== null) bar(this.time, 2, 0, height);
  }
}

// Return the window around a time: twelve seconds at least on each side.
function windowAround(time) {
  const start = Math.max(0, Math.floor((time - 12) / GRID) * GRID);
  return { start, end: start + WINDOW };
}

// Return the spans in which words follow each other closely.
function joinSpeech(words) {
  const spans = [];
  for (const word of words) {
    const last = spans.at(-1);
    if (last !== undefined && word.start - last[1] < SPEECH_GAP) last[1] = Math.max(last[1], word.end);
    else spans.push([word.start, word.end]);
  }
  return spans;
}

// Return a cleared context in which lengths are pixels of the page; null if it is not shown.
export function prepareCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return null;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
