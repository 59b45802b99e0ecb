// The list of the cues of a way: one element with the focus, of which one cue is the current one.

import data, { byId, make, makeWords, say, writeTime } from "./review-data.js";

export class CueList {
  constructor(store, choose) {
    this.store = store;
    this.element = byId("cue-list");
    this.rows = new Map();
    this.route = [];
    this.current = null;
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest("[data-cue]");
      if (row !== null) choose(row.dataset.cue);
    });
  }

  // Show the cues of a way. Rows that are there already are used again.
  show(route) {
    this.route = route;
    const rows = route.map((id) => this.rows.get(id) ?? this.makeRow(id));
    this.rows = new Map(route.map((id, place) => [id, rows[place]]));
    this.element.replaceChildren(...rows);
    if (route.length === 0) this.element.append(make("p", { className: "hint" }, say("no_cues")));
    this.mark(this.current);
  }

  // Write the rows of some cues again.
  update(changed) {
    for (const id of changed) {
      const row = this.rows.get(id);
      if (row !== undefined && this.store.cues.has(id)) this.fill(row, id);
    }
  }

  // Number all rows again, after cues came or went.
  renumber() {
    for (const [id, row] of this.rows) row.firstChild.textContent = this.heading(id);
  }

  // Make a cue the current one, and bring it into view.
  mark(id) {
    this.rows.get(this.current)?.setAttribute("aria-selected", "false");
    this.current = id;
    const row = this.rows.get(id);
    if (row === undefined) {
      this.element.removeAttribute("aria-activedescendant");
      return;
    }
    row.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", row.id);
    const [box, inside] = [this.element.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inside.top < box.top) this.element.scrollTop -= box.top - inside.top;
    else if (inside.bottom > box.bottom) this.element.scrollTop += inside.bottom - box.bottom;
  }

  makeRow(id) {
    const row = make("div", { id: `row-${id}`, role: "option", "aria-selected": "false" });
    row.dataset.cue = id;
    this.fill(row, id);
    return row;
  }

  heading(id) {
    const cue = this.store.cues.get(id);
    return cue === undefined ? "" : `${this.store.places.get(id) + 1} · ${writeTime(cue.start)}`;
  }

  fill(row, id) {
    const cue = this.store.cues.get(id);
    row.replaceChildren(
      make("span", { className: "when" }, this.heading(id)),
      ...makeMarks(cue, this.store.isDoubtful(id)),
      makeWords(cue.text),
    );
  }
}

// Return the marks of a cue. Each has a letter and a name, not a colour alone.
export function makeMarks(cue, isDoubtful) {
  const marks = [];
  if (isDoubtful && cue.doubt !== null) {
    const isVery = cue.doubt >= data.very_doubtful;
    const name = say(isVery ? "very_doubtful" : "doubtful");
    const letter = say(isVery ? "very_doubtful_letter" : "doubtful_letter");
    const percent = Math.round(cue.doubt * 100);
    marks.push(mark(`${letter} ${percent} %`, name, isVery ? "very-doubtful" : "doubtful"));
  }
  if (cue.verdict !== null) {
    marks.push(mark(cue.verdict === "right" ? "✓" : "✗", data.verdicts[cue.verdict], cue.verdict));
  }
  if (cue.changed) marks.push(mark(say("changed_letter"), say("changed"), "changed"));
  for (const severity of ["error", "warning"]) {
    const found = (cue.findings ?? []).filter((one) => one[1] === severity);
    if (found.length) {
      const names = found.map(([rule]) => data.rule_names[rule] ?? rule).join(", ");
      const name = `${data.severities[severity]}: ${names}`;
      marks.push(mark(say(`${severity}_letter`), name, `severity-${severity}`));
    }
  }
  return marks;
}

function mark(letter, name, kind) {
  const hidden = make("span", { className: "hidden" }, ` ${name}`);
  return make("span", { className: `mark mark-${kind}`, title: name }, letter, hidden);
}
