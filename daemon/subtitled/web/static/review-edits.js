// Commands that change something. Each becomes an operation or a verdict, and is one step of undo.

import { call, problemName, read } from "./review-api.js";
import data, { apiPath, pagePath, reviewPath, roundTime, say } from "./review-data.js";
import { askEngine, askReplacement, askTerm, askWrong } from "./review-dialogs.js";

const NUDGE = 0.04; // seconds
const NEW_CUE = 2; // seconds that a new cue lasts, if there is room
const ID_LENGTH = 120; // characters of a name that the server keeps
const ASKED = 2000; // milliseconds between two looks at what an engine was asked
const SNAP = 0.5; // seconds beyond which an end stays where it is

export function makeEdits(editor) {
  const { store, saver, box } = editor;
  const cue = () => store.cues.get(editor.current);

  // Keep an operation together with what was typed before, as one step. Return its id.
  function operate(...parts) {
    const typed = box.typedOperation();
    const before = typed === null ? [] : (typed.parts ?? [typed]);
    const all = [...before, ...parts];
    const operation = all.length === 1 ? all[0] : { kind: "compound", parts: all };
    const id = saver.operate(operation, box.seen);
    box.settle();
    return id;
  }

  function advance() {
    const next = store.nextUnseen(editor.way, editor.current);
    if (next !== undefined) return editor.select(next);
    const spot = editor.way === "worst" ? store.nextUnseen("spot", editor.current) : undefined;
    if (spot === undefined) return editor.tell(say("all_seen"));
    editor.setWay("spot", spot);
    return editor.tell(say("now_spot"));
  }

  function judge(body) {
    const seen = box.seen;
    editor.keepTyped();
    saver.add({ kind: "verdict", cue: editor.current, body }, seen);
    advance();
  }

  function nudge(first, last) {
    editor.keepTyped();
    const start = roundTime(Math.max(0, cue().start + first));
    const end = roundTime(Math.max(0, cue().end + last));
    if (start >= end) return;
    if (!saver.coalesce(editor.current, start, end)) {
      saver.operate({ kind: "times", cue: editor.current, start, end }, box.seen);
    }
  }

  function snap(times, ends) {
    if (times.length === 0) return editor.tell(say("nothing_to_snap"));
    return operate({ kind: "snap", cues: [editor.current], times, ends, max_distance: SNAP });
  }

  function split(event) {
    const text = box.text.value;
    const isTyping = event !== undefined && event.target === box.text;
    const at = isTyping ? box.text.selectionStart : splitPlace(text);
    const [first, second] = [text.slice(0, at).trim(), text.slice(at).trim()];
    if (first === "" || second === "") return editor.tell(say("nothing_to_split"));
    const parts = (box.typedOperation()?.parts ?? [box.typedOperation()]).filter(
      (part) => part?.kind === "times",
    );
    const target = editor.current;
    parts.push({ kind: "split", cue: target, first: first.split("\n"), second: second.split("\n") });
    const operation = parts.length === 1 ? parts[0] : { kind: "compound", parts };
    const id = saver.operate(operation, box.seen);
    store.halves.set(target, [`${id}.1`, ...(store.halves.get(target) ?? [])]);
    box.settle();
    editor.showList();
  }

  function merge(first, second) {
    if (first === undefined || second === undefined) return editor.tell(say("nothing_to_merge"));
    const caret = first.id === editor.current ? box.text.value.length : first.text.length;
    operate({ kind: "merge", cues: [first.id, second.id] });
    editor.select(first.id, { plays: false });
    box.text.setSelectionRange(caret, caret);
  }

  function insertAt(start, end) {
    editor.keepTyped();
    const id = saver.operate({ kind: "insert", start, end, lines: [] });
    store.halves.set(editor.current, [`${id}.1`, ...(store.halves.get(editor.current) ?? [])]);
    editor.showList();
    editor.select(`${id}.1`, { plays: false });
    box.text.focus();
  }

  function selectedText() {
    const { selectionStart, selectionEnd, value } = box.text;
    return value.slice(selectionStart, selectionEnd).replaceAll("\n", " ").trim();
  }

  async function approve() {
    editor.keepTyped();
    if (!(await saver.settle())) return editor.tell(say("not_approved_yet"));
    let answer;
    try {
      const options = { method: "POST", etag: store.etag, body: {} };
      answer = await call(`${reviewPath}/approve`, options);
    } catch {
      return editor.complain(say("not_reached"));
    }
    // The page of the approval lists what stands against it, and asks.
    if (answer.status === 200) return location.assign(await nextPage());
    if (answer.status === 409 && problemName(answer) !== "approved") {
      return location.assign(`${pagePath}/approve`);
    }
    return editor.complain(answer.body?.detail ?? say("not_reached"));
  }

  async function nextPage() {
    const queue = await read(`${apiPath}/reviews?limit=20`);
    const isFree = (one) => one.holder === null || one.holder === data.user;
    const next = queue?.items.find((one) => one.id !== data.review && isFree(one));
    const path = next === undefined ? "/review" : `/review/${next.id}`;
    return `${data.base}${path}?approved=${data.review}`;
  }

  // Wait until an engine has answered, and show its words.
  async function follow(asked, target) {
    const { engine } = asked;
    let [passage, reason] = [asked, ""];
    while (passage.status === "waiting" || passage.status === "running") {
      await new Promise((resolve) => setTimeout(resolve, ASKED));
      const listed = await read(`${reviewPath}/passages`);
      passage = listed?.items.find((one) => one.id === asked.id) ?? passage;
      if (passage.reason !== reason && passage.status === "waiting") {
        editor.tell(say("engine_waits", { engine, reason: passage.reason }));
      }
      reason = passage.reason;
    }
    if (passage.status === "failed") return editor.complain(describe(passage));
    if (editor.current === target) box.readSoon();
    return editor.tell(say("engine_answered", { engine }));
  }

  const describe = (problem) =>
    [problem?.detail ?? problem?.reason, problem?.hint].filter(Boolean).join(". ") || say("not_reached");

  const edits = {
    right: () => judge({ verdict: "right" }),
    async wrong() {
      const body = await askWrong();
      if (body !== null) judge(body);
    },
    unjudge() {
      if (cue().verdict !== null) saver.add({ kind: "unjudge", cue: editor.current }, box.seen);
    },
    edit() {
      box.text.focus();
      box.text.setSelectionRange(box.text.value.length, box.text.value.length);
    },
    leave() {
      editor.keepTyped();
      editor.list.element.focus({ preventScroll: true });
    },
    "keep-next"() {
      editor.keepTyped();
      advance();
    },
    split,
    merge: () => merge(cue(), store.near(editor.current, 1)),
    "merge-previous": () => merge(store.near(editor.current, -1), cue()),
    delete() {
      const [deleted, route] = [editor.current, store.route(editor.way)];
      const place = route.indexOf(deleted);
      const next = route[place + 1] ?? route[place - 1] ?? store.near(deleted, 1)?.id;
      const { seen } = box;
      box.settle();
      saver.operate({ kind: "delete", cues: [deleted] }, seen);
      editor.select(next ?? store.order[0], { plays: false });
    },
    insert() {
      const { end } = cue();
      const next = store.near(editor.current, 1);
      const room = next === undefined || next.start <= end ? NEW_CUE : next.start - end;
      insertAt(end, roundTime(end + Math.min(NEW_CUE, room)));
      if (room < data.rules.min_duration) editor.tell(say("little_room"));
    },
    break: () => operate({ kind: "break-lines", cues: [editor.current] }),
    restore() {
      const { seen } = box;
      box.settle();
      saver.operate({ kind: "restore", cues: [editor.current] }, seen);
    },
    "start-earlier": () => nudge(-NUDGE, 0),
    "start-later": () => nudge(NUDGE, 0),
    "end-earlier": () => nudge(0, -NUDGE),
    "end-later": () => nudge(0, NUDGE),
    "start-frame-earlier": () => nudge(-editor.wave.frame, 0),
    "start-frame-later": () => nudge(editor.wave.frame, 0),
    "end-frame-earlier": () => nudge(0, -editor.wave.frame),
    "end-frame-later": () => nudge(0, editor.wave.frame),
    "both-earlier": () => nudge(-NUDGE, -NUDGE),
    "both-later": () => nudge(NUDGE, NUDGE),
    "snap-words"() {
      const { words } = editor.wave;
      return snap(words.map((word) => word.start), words.map((word) => word.end));
    },
    "snap-shots": () => snap(editor.wave.shots.shots, editor.wave.shots.ends),
    async ask() {
      editor.keepTyped();
      const target = editor.current;
      if (!(await saver.settle())) return editor.complain(say("not_reached"));
      const listed = await read(`${reviewPath}/passages`);
      if (listed === null) return editor.complain(say("not_reached"));
      const usable = listed.engines.filter((one) => one.refusal === "");
      if (usable.length === 0) {
        const why = listed.engines.map((one) => `${one.refusal}. ${one.hint}`).join(" ");
        return editor.complain(why || say("no_engine"));
      }
      // Where the sound leaves this machine, the person says so.
      const isPlain = usable.length === 1 && usable[0].destination === "local";
      const engine = isPlain ? usable[0].name : await askEngine(usable);
      if (engine === null) return undefined;
      try {
        const body = { engine, cues: [target] };
        const answer = await call(`${reviewPath}/passages`, { method: "POST", body });
        if (answer.status !== 202) return editor.complain(describe(answer.body));
        editor.tell(say("engine_asked", { engine }));
        return await follow(answer.body, target);
      } catch {
        return editor.complain(say("not_reached"));
      }
    },
    async term() {
      const selected = selectedText();
      editor.keepTyped();
      const body = await askTerm(selected);
      if (body === null) return;
      try {
        const answer = await call(`${apiPath}/terms`, { method: "POST", body });
        if (answer.status === 201) editor.tell(say("term_kept"));
        else editor.complain(answer.body?.detail ?? say("not_reached"));
      } catch {
        editor.complain(say("not_reached"));
      }
    },
    async replace() {
      const selected = selectedText();
      editor.keepTyped();
      const operation = await askReplacement(store, selected);
      if (operation !== null) saver.operate(operation);
    },
    undo() {
      if (box.isTyped) box.settle();
      else if (store.undo === null && saver.isIdle) editor.tell(say("nothing_to_undo"));
      else saver.add({ kind: "undo" });
    },
    redo() {
      if (store.redo === null && saver.isIdle) editor.tell(say("nothing_to_redo"));
      else saver.add({ kind: "redo" });
    },
    take(number) {
      const other = box.alternative(number);
      if (other === undefined) return editor.tell(say("no_alternative"));
      const { seen } = box;
      box.settle();
      const { text } = other;
      const engine = other.engine.slice(0, ID_LENGTH);
      return saver.operate({ kind: "take", cue: editor.current, text, engine }, seen);
    },
    setTimes: (id, start, end) => saver.operate({ kind: "times", cue: id, start, end }),
    keepMine(id, own) {
      const lines = own.lines ?? own.text.split("\n");
      const { start, end } = own;
      if (id === null) return saver.operate({ kind: "insert", start, end, lines });
      const parts = [{ kind: "times", cue: id, start, end }, { kind: "text", cue: id, lines }];
      return saver.operate({ kind: "compound", parts });
    },
    insertAt,
    approve,
  };
  for (const digit of "123456789") edits[`take-${digit}`] = () => edits.take(Number(digit));
  return edits;
}

// Return where a text is split: between two lines, else at the space nearest to the middle.
function splitPlace(text) {
  const lines = text.split("\n");
  if (lines.length > 1) return lines.slice(0, Math.floor(lines.length / 2)).join("\n").length;
  const middle = Math.floor(text.length / 2);
  const spaces = [...text.matchAll(/\s/g)].map((match) => match.index);
  if (spaces.length === 0) return data.is_spaceless ? middle : 0;
  return spaces.reduce((best, one) => (Math.abs(one - middle) < Math.abs(best - middle) ? one : best));
}
