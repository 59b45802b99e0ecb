// Shows what could not be kept: both versions of each cue, and what the person may do.

import data, { byId, make, makeWords, say, writeTime } from "./review-data.js";

function describe(cue) {
  if (cue === null || cue === undefined) return make("em", {}, say("no_such_cue"));
  const text = cue.text ?? cue.lines.join("\n");
  const times = make("span", { className: "soft" }, `${writeTime(cue.start)} – ${writeTime(cue.end)}`);
  return make("div", {}, times, makeWords(text));
}

const closing = []; // what is to be done when the dialog is closed

// Show why something was not kept, and the versions. What is shown already stays above it.
//
// Who closes the dialog has answered all that it shows. A page that is left has not.
function show(why, parts, answered) {
  const dialog = byId("dialog-conflict");
  closing.push(answered);
  if (dialog.open) {
    byId("conflict-cues").append(make("p", { className: "error" }, why), ...parts);
    return;
  }
  byId("conflict-why").textContent = why;
  byId("conflict-cues").replaceChildren(...parts);
  dialog.addEventListener(
    "close",
    () => {
      for (const done of closing.splice(0)) done();
    },
    { once: true },
  );
  dialog.showModal();
}

// Show the versions of cues that others changed too. The first callback keeps one's own version
// again, the second forgets what was answered.
export function showConflict({ cues, mine, item }, keepMine, answer) {
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
        answer(item.id, one.cue);
        section.remove();
        if (byId("conflict-cues").querySelector("section") === null) byId("dialog-conflict").close();
      });
      section.append(make("p", { className: "buttons" }, button));
    }
    return section;
  });
  show(say("changed_meanwhile"), parts, () => answer(item.id));
}

// Show what the server did not take, with the text, so that it is not lost.
export function showRefusal({ body, mine, item }, answer) {
  const why = [body.detail, body.hint].filter(Boolean).join(". ");
  const parts = mine.map((cue) => make("section", { className: "card" }, describe(cue)));
  show(`${say("not_kept")} ${why}`, parts, () => answer(item.id));
}
