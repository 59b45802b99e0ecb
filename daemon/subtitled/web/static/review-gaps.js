// The list of the places where somebody speaks and nothing is written.

import data, { byId, make, say, writeTime } from "./review-data.js";

export class Gaps {
  // The callback inserts a cue in a span.
  constructor(store, player, insert) {
    this.store = store;
    this.player = player;
    this.insert = insert;
  }

  // Show those in which no cue was inserted since.
  show() {
    const isOpen = ({ start, end }) => {
      const middle = (start + end) / 2;
      const cue = this.store.cues.get(this.store.cueAt(middle));
      return cue === undefined || cue.end < middle;
    };
    const gaps = this.store.gaps.filter(isOpen);
    byId("editor-gaps").hidden = gaps.length === 0;
    byId("gap-list").replaceChildren(...gaps.map((gap) => this.makeGap(gap)));
  }

  makeGap({ start, end }) {
    const span = `${writeTime(start)} – ${writeTime(end)}`;
    const hear = make("button", { type: "button", className: "quiet" }, `${say("play")} ${span}`);
    hear.addEventListener("click", () => this.player.play(start, end));
    const insert = make("button", { type: "button", className: "quiet" }, say("insert_here"));
    insert.append(make("span", { className: "hidden" }, ` ${span}`));
    insert.hidden = !data.may_edit;
    insert.addEventListener("click", () => this.insert(start, end));
    return make("li", { className: "row" }, hear, insert);
  }
}
