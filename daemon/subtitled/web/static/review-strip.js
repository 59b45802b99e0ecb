// The strip of the whole film: its cues, the doubtful ones, speech without a cue, and the window.

import { byId } from "./review-data.js";
import { colour, prepareCanvas } from "./review-wave.js";

export class Strip {
  constructor(store, choose) {
    this.store = store;
    this.canvas = byId("strip");
    this.current = null;
    this.span = null;
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const id = this.store.cueAt(((event.clientX - box.left) / box.width) * this.length);
      if (id !== undefined) choose(id);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get length() {
    const last = this.store.cues.get(this.store.order.at(-1));
    return Math.max(last?.end ?? 0, 1);
  }

  draw() {
    const context = prepareCanvas(this.canvas);
    if (context === null) return;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [open, seen, other] = ["--error", "--good", "--soft"].map(colour);
    const bar = (start, end, top, bottom) => {
      const left = (start / this.length) * width;
      const wide = Math.max(1, ((end - start) / this.length) * width);
      context.fillRect(left, top * height, wide, (bottom - top) * height);
    };
    for (const cue of this.store.cues.values()) {
      const isDoubtful = this.store.isDoubtful(cue.id);
      const isOpen = isDoubtful && !this.store.isSeen(cue.id);
      context.fillStyle = isOpen ? open : isDoubtful ? seen : other;
      bar(cue.start, cue.end, isDoubtful ? 0.1 : 0.5, 0.9);
    }
    context.fillStyle = colour("--warn");
    for (const gap of this.store.gaps) bar(gap.start, gap.end, 0, 0.3);
    context.fillStyle = colour("--strong");
    const cue = this.store.cues.get(this.current);
    if (cue !== undefined) bar(cue.start, Math.max(cue.end, cue.start + this.length / 200), 0, 1);
  }
}
