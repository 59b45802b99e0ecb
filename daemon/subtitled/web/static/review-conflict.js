// Shows what could not be kept: both versions of each cue, and what the person may do.

import data, { byId, make, makeWords, say, writeTime } from "./review-data.js";

function describe(cue) {
  if (cue === null || cue === undefined) return make("em", {}, say("no_such_cue"));
  const text = cue.text ?? cue.lines.join("\n");
  const times = make("span", { className: "soft" }, `${writeTime(cue.start)} – ${writeTime(cue.end)}`);
  return make("div", {}, times, makeWords(text));
}

// Show the versions of cues that others changed too. The callback keeps one's own version again.
export function showConflict({ cues, mine, item }, keepMine) {
  const dialog = byId("dialog-conflict");
  const parts = cues.map((one) => {
    const own = mine.find((cue) => cue.id === one.cue) ?? one.mine;
    const section = make(
      "section", { className: "card" },
      make("h3", {}, say("as_you_saw_it")), describe(one.base),
      make("h3", {}, say("yours")), describe(own),
      make("h3", {}, say("as_it_is_now")), describe(one.theirs),
    );
    const isEdit = item.kind !== "verdict" && item.kind !== "unjudge";
    if (own && isEdit && data.may_edit) {
      const button = make("button", { type: "button" }, say(one.theirs ? "take_mine" : "insert_mine"));
      button.addEventListener("click", () => {
        keepMine(one.theirs ? one.cue : null, own);
        section.remove();
        if (byId("conflict-cues").childElementCount === 0) dialog.close();
      });
      section.append(make("p", { className: "buttons" }, button));
    }
    return section;
  });
  byId("conflict-why").textContent = say("changed_meanwhile");
  byId("conflict-cues").replaceChildren(...parts);
  if (!dialog.open) dialog.showModal();
}

// Show what the server did not take, with the text, so that it is not lost.
export function showRefusal({ body, mine }) {
  const dialog = byId("dialog-conflict");
  const why = [body.detail, body.hint].filter(Boolean).join(". ");
  byId("conflict-why").textContent = `${say("not_kept")} ${why}`;
  byId("conflict-cues").replaceChildren(...mine.map(describe));
  if (!dialog.open) dialog.showModal();
}
