// Small questions: where to go, what is wrong with a cue, what to replace, and what a term is about.

import { call } from "./review-api.js";
import data, { byId, make, readTime, reviewPath, say } from "./review-data.js";

// Open a dialog with a form. Return its fields by name, or null if it was left.
function ask(name) {
  const dialog = byId(`dialog-${name}`);
  const form = dialog.querySelector("form");
  form.reset();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null),
      { once: true },
    );
  });
}

// Ask for a number or a time. Return the id of the cue; undefined if there is none, null if the
// dialog was left.
export async function askPlace(store) {
  const fields = await ask("go-to");
  if (fields === null) return null;
  const place = fields.place.trim();
  if (/^\d+$/.test(place)) return store.order[Number(place) - 1];
  const time = readTime(place);
  return time === null ? undefined : (store.cueAt(time) ?? store.order[0]);
}

// Ask what is wrong with a cue. Return the body of a verdict, or null.
export async function askWrong() {
  const fields = await ask("wrong");
  if (fields === null) return null;
  const body = { verdict: "wrong" };
  for (const [name, value] of Object.entries(fields)) if (value !== "") body[name] = value;
  return body;
}

// Ask for which files a term holds. Return the body that keeps it, or null.
export async function askTerm(selected) {
  const answered = ask("term");
  byId("dialog-term").querySelector("form").elements.text.value = selected;
  const fields = await answered;
  if (fields === null || fields.text.trim() === "") return null;
  return {
    scope: fields.scope,
    translations: { [data.language]: fields.text },
    do_not_translate: fields.same === "yes",
    file: data.file,
  };
}

// Ask which engine to ask. Return its name, or null. The sound goes where it is named.
export async function askEngine(engines) {
  const list = byId("ask-engine");
  list.replaceChildren(
    ...engines.map(({ name, destination }) => {
      const text = destination === "local" ? name : `${name} → ${destination}`;
      return make("option", { value: name }, text);
    }),
  );
  const fields = await ask("ask");
  return fields?.engine ?? null;
}

// Ask what to replace. Return the operation, or null.
export async function askReplacement(store, selected) {
  const dialog = byId("dialog-replace");
  const form = dialog.querySelector("form");
  const count = byId("replace-count");
  let timer = null;
  const readFields = () => ({
    kind: "replace",
    find: form.elements.find.value,
    replacement: form.elements.replacement.value,
    is_case_sensitive: form.elements.case.checked,
    is_whole_word: form.elements.word.checked,
  });
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const operation = readFields();
      if (operation.find === "") return;
      try {
        const path = `${reviewPath}/preview`;
        const answer = await call(path, { method: "POST", etag: store.etag, body: { operation } });
        if (answer.status !== 200) return;
        count.textContent = say("found", {
          times: answer.body.match_count ?? answer.body.cue_count,
          cues: answer.body.cue_count,
        });
      } catch {
        count.textContent = "";
      }
    }, 200);
  };
  count.textContent = "";
  form.addEventListener("input", look);
  const answered = ask("replace");
  form.elements.find.value = selected;
  look();
  const fields = await answered;
  clearTimeout(timer);
  form.removeEventListener("input", look);
  return fields === null || fields.find === "" ? null : readFields();
}
