// Plays spans of the film. The sound comes in parts, which are kept for a while.
//
// A part for a cue is short, so that it is soon there. Who listens on and on gets longer ones.

import { reviewPath, say } from "./review-data.js";
import settings from "./review-settings.js";

const MARGIN = 1; // seconds around a cue, for the keys that listen before and after it
const FIRST = 10; // seconds of the first part, and of the further ones, when it plays on
const FURTHER = 32;
const LONGEST = 120;
const MAX_KEPT = 12; // parts in memory
const MAX_TRIES = 4;
const HAS_AAC = document.createElement("audio").canPlayType('audio/mp4; codecs="mp4a.40.2"') !== "";

// Dispatches "time" while it plays, "stop", and "problem".
export class Player extends EventTarget {
  constructor(audio) {
    super();
    this.audio = audio;
    this.parts = []; // start, end, and the address of the sound once it is there
    this.span = null; // the part that the element has
    this.loading = Promise.resolve(); // until the sound that is wanted now is there
    this.until = null;
    this.from = 0;
    this.request = 0;
    this.isFollowed = false; // whether each frame looks where the sound is
    audio.addEventListener("timeupdate", () => this.watch());
    audio.addEventListener("ended", () => this.finish());
    audio.addEventListener("pause", () => this.dispatchEvent(new Event("stop")));
    audio.addEventListener("playing", () => this.follow());
    audio.addEventListener("error", () => this.complain());
  }

  get time() {
    return this.span === null ? 0 : this.span.start + this.audio.currentTime;
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  // Play from a time until another one; without an end, on and on.
  async play(from, until = null) {
    this.request += 1;
    const request = this.request;
    const part = this.find(from, until) ?? this.order(partFor(from, until, FIRST));
    this.loading = part.source;
    const source = await part.source;
    if (source === null || request !== this.request) return;
    if (this.span !== part) {
      this.audio.src = source;
      this.span = part;
    }
    this.from = from;
    this.until = until;
    this.audio.playbackRate = settings.speed;
    this.audio.currentTime = Math.max(0, from - part.start);
    try {
      await this.audio.play();
    } catch {
      // A browser may ask for a key or a click first, or a newer sound came between.
    }
  }

  pause() {
    this.request += 1;
    this.audio.pause();
  }

  setSpeed(speed) {
    settings.speed = Math.min(2, Math.max(0.5, speed));
    this.audio.playbackRate = settings.speed;
  }

  // Have the sound of a span ready before it is played.
  prepare(from, until) {
    if (this.find(from, until) === undefined) this.order(partFor(from, until, FURTHER), true);
  }

  watch() {
    if (this.span === null || this.audio.paused) return;
    this.dispatchEvent(new Event("time"));
    if (this.until === null || this.time < this.until) return;
    if (settings.loop) this.audio.currentTime = Math.max(0, this.from - this.span.start);
    else this.audio.pause();
  }

  follow() {
    const step = () => {
      this.watch();
      this.isFollowed = !this.audio.paused;
      if (this.isFollowed) requestAnimationFrame(step);
    };
    if (!this.isFollowed) requestAnimationFrame(step);
    this.isFollowed = true;
    if (this.until === null) this.prepare(this.span.end, null);
    requestAnimationFrame(step);
  }

  // Go on with the next part, if the sound has no end.
  finish() {
    const isWhole = this.span !== null && this.time >= this.span.end - 0.5;
    if (this.until === null && isWhole) this.play(this.span.end);
    else this.dispatchEvent(new Event("stop"));
  }

  // Return the part that has a span; undefined if none is there or on its way.
  find(from, until) {
    const last = until ?? from + 1;
    return this.parts.find((part) => part.start <= from && last <= part.end);
  }

  // Have a part cut. The oldest ones are forgotten.
  order(span, isQuiet = false) {
    const part = { ...span, source: this.load(span, isQuiet) };
    this.parts.push(part);
    part.source.then((source) => {
      if (source === null) this.parts = this.parts.filter((one) => one !== part);
    });
    const old = this.parts.filter((one) => one !== this.span).slice(0, -MAX_KEPT);
    for (const one of old) one.source.then((source) => source && URL.revokeObjectURL(source));
    this.parts = this.parts.filter((one) => !old.includes(one));
    return part;
  }

  async load(span, isQuiet) {
    const address = `${reviewPath}/sound?start=${span.start}&end=${span.end}&format=${HAS_AAC ? "mp4" : "wav"}`;
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      try {
        const answer = await fetch(address, { priority: isQuiet ? "low" : "high" });
        if (answer.ok) return URL.createObjectURL(await answer.blob());
        if (answer.status !== 503) {
          const problem = await answer.json().catch(() => null);
          if (!isQuiet) this.complain(problem?.detail);
          return null;
        }
      } catch {
        if (isQuiet) return null;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * tries));
    }
    if (!isQuiet) this.complain();
    return null;
  }

  complain(why = "") {
    const detail = why === "" ? say("no_sound") : `${say("no_sound")} ${why}.`;
    this.dispatchEvent(new CustomEvent("problem", { detail }));
  }
}

// Return the span of a part: around a cue, or of a length if it plays on.
function partFor(from, until, length) {
  const start = Math.max(0, Math.floor(until === null ? from : from - MARGIN));
  if (until === null) return { start, end: start + length };
  return { start, end: Math.min(Math.ceil(until + MARGIN), start + LONGEST) };
}
