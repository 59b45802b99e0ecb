// The review page with scripts: one screen for the whole subtitle. Without them its forms do the same.

import { call } from "./review-api.js";
import { showConflict, showRefusal } from "./review-conflict.js";
import { Box } from "./review-box.js";
import data, { byId, pagePath, reviewPath, say } from "./review-data.js";
import { makeEdits } from "./review-edits.js";
import { Gaps } from "./review-gaps.js";
import { Help } from "./review-help.js";
import { findCommand, nameKey } from "./review-keys.js";
import { CueList } from "./review-list.js";
import { AROUND, Picture, makeMoves } from "./review-moves.js";
import { Player } from "./review-player.js";
import { Saver } from "./review-saving.js";
import settings, { keepSettings } from "./review-settings.js";
import { Store } from "./review-store.js";
import { Strip } from "./review-strip.js";
import { Wave } from "./review-wave.js";

const PLAY_REST = 80; // milliseconds; who only passes by hears nothing
const ADDRESS_REST = 300; // milliseconds
const GOES_ON = new Set(["loop", "slower", "faster", "picture", "play", "play-on"]);
const WAYS = ["worst", "straight", "spot"];

class Editor {
  constructor(list) {
    this.store = new Store(list);
    this.saver = new Saver(this.store);
    this.player = new Player(byId("player"));
    this.picture = new Picture(this.store);
    this.help = new Help();
    this.list = new CueList(this.store, (id) => this.select(id));
    this.box = new Box(this.store, (number) => this.run(`take-${number}`));
    const choose = (id) => this.goTo(id);
    this.strip = new Strip(this.store, choose);
    this.gaps = new Gaps(this.store, this.player, (...span) => this.commands.insertAt(...span));
    this.wave = new Wave(this.store, {
      choose,
      setTimes: (...times) => this.commands.setTimes(...times),
      seek: (time) => this.player.play(time),
      isHeard: () => this.player.loading,
    });
    this.edits = makeEdits(this);
    this.commands = { ...makeMoves(this), ...this.edits };
    this.listen();
    const asked = new URLSearchParams(location.search);
    const hasDoubtful = this.store.route("worst").length > 0;
    const way = asked.get("way");
    this.setWay(WAYS.includes(way) ? way : hasDoubtful ? "worst" : "straight", asked.get("cue"));
    this.gaps.show();
    this.showPlaying();
    if (!this.saver.isIdle) this.saver.tell("sending");
    this.isOpen = true;
    this.saver.tellUnanswered();
  }

  // Show the cues of a way, and go to one of them: the given one, or the first that nobody saw.
  setWay(way, id) {
    this.way = way;
    for (const button of document.querySelectorAll("[data-way]")) {
      button.setAttribute("aria-pressed", String(button.dataset.way === way));
    }
    this.showList();
    const route = this.store.route(way);
    const isThere = this.store.cues.has(id);
    this.select(isThere ? id : (this.store.nextUnseen(way) ?? route[0] ?? this.store.order[0]));
  }

  showList() {
    this.list.show(this.store.route(this.way));
    this.showProgress();
  }

  showProgress() {
    for (const button of document.querySelectorAll("[data-way]")) {
      const [seen, all] = this.store.progress(button.dataset.way);
      button.querySelector("[data-progress]").textContent = `${seen} / ${all}`;
    }
    for (const severity of ["error", "warning"]) {
      const has = (cue) => (cue.findings ?? []).some((one) => one[1] === severity);
      const count = [...this.store.cues.values()].filter(has).length;
      byId(`count-${severity}`).textContent = count;
    }
  }

  // Go to a cue wherever it is: if the way that is shown has it not, straight through.
  goTo(id) {
    if (this.store.route(this.way).includes(id)) this.select(id);
    else this.setWay("straight", id);
  }

  // Make a cue the current one, and play it if that is wanted.
  select(id, { plays = settings.autoplay } = {}) {
    if (id === undefined) return;
    this.keepTyped();
    this.current = id;
    this.list.mark(id);
    this.box.show(id);
    this.wave.show(id);
    this.picture.show(id);
    this.strip.current = id;
    this.strip.draw();
    clearTimeout(this.addressTimer); // browsers allow a few changes a second
    this.addressTimer = setTimeout(() => this.showAddress(), ADDRESS_REST);
    clearTimeout(this.playTimer);
    const cue = this.store.cues.get(id);
    this.place = cue?.start ?? 0;
    if (!plays || cue === undefined) return;
    this.playTimer = setTimeout(() => this.playCue(cue), this.isOpen ? PLAY_REST : 0);
  }

  // Name the current cue in the address, so that a reload and a link lead to it.
  showAddress() {
    const address = `${pagePath}?way=${this.way}&cue=${encodeURIComponent(this.current)}`;
    history.replaceState(null, "", address);
  }

  async playCue(cue) {
    await this.player.play(Math.max(0, cue.start - AROUND), cue.end + AROUND);
    const next = this.store.nextUnseen(this.way, cue.id);
    if (next === undefined) return;
    const { start, end } = this.store.cues.get(next);
    this.player.prepare(Math.max(0, start - AROUND), end + AROUND);
  }

  // Keep what was typed into the fields of the current cue.
  keepTyped() {
    if (!this.box.isTyped) return;
    if (!this.box.hasValidTimes()) this.complain(say("no_times"));
    const operation = this.box.typedOperation();
    if (operation !== null) this.saver.operate(operation, this.box.seen);
    this.box.settle();
  }

  run(name, event) {
    if (name in this.edits && !data.may_edit && !["edit", "leave"].includes(name)) {
      this.tell(say("read_only"));
      return;
    }
    clearTimeout(this.playTimer);
    this.tell("");
    this.complain("");
    const isFollowing = this.player.isPlaying && this.player.until === null;
    if (isFollowing && !GOES_ON.has(name)) this.player.pause();
    this.commands[name](event);
  }

  tell(text) {
    byId("editor-message").textContent = text;
  }

  complain(text) {
    byId("editor-problem").textContent = text;
  }

  listen() {
    document.addEventListener("keydown", (event) => this.handleKey(event));
    for (const button of document.querySelectorAll("[data-command]")) {
      button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
      button.addEventListener("click", () => this.run(button.dataset.command));
    }
    for (const button of document.querySelectorAll("[data-way]")) {
      button.addEventListener("click", () => this.setWay(button.dataset.way));
    }
    byId("box-fields").addEventListener("focusout", (event) => {
      if (!byId("box-fields").contains(event.relatedTarget)) this.keepTyped();
    });
    addEventListener("pagehide", () => this.keepTyped());
    this.store.addEventListener("change", (event) => this.showChange(event.detail));
    this.saver.addEventListener("state", (event) => this.showState(event.detail));
    this.saver.addEventListener("kept", (event) => this.showKept(event.detail));
    const keepMine = (...own) => this.commands.keepMine(...own);
    const answer = (...answered) => this.saver.answer(...answered);
    this.saver.addEventListener("conflict", (event) => showConflict(event.detail, keepMine, answer));
    this.saver.addEventListener("refused", (event) => {
      if (event.detail.name === "nothing-to-revert") this.tell(say("nothing_to_undo"));
      else showRefusal(event.detail, answer);
    });
    this.player.addEventListener("time", () => this.follow());
    this.player.addEventListener("stop", () => this.showPlaying());
    this.player.addEventListener("problem", (event) => this.complain(event.detail));
    const autoplay = byId("autoplay");
    autoplay.checked = settings.autoplay;
    autoplay.addEventListener("change", () => {
      settings.autoplay = autoplay.checked;
      keepSettings();
    });
  }

  handleKey(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
    const { target } = event;
    const isList = target === this.list.element;
    const isField = [this.box.text, this.box.start, this.box.end].includes(target);
    const key = nameKey(event);
    if (key === null || !(isList || isField)) return;
    const isTime = target === this.box.start || target === this.box.end;
    if (isTime && key === "Enter") this.keepTyped();
    const name = findCommand(isList ? "list" : "text", key) ?? this.findMerge(event, key);
    if (name === undefined || this.current === undefined) return;
    if (isField && name === "undo" && this.box.isTyped) return; // the browser undoes the typing
    event.preventDefault();
    this.run(name, event);
  }

  // At the edges of a text, the keys that delete join it with the cue beside it.
  findMerge({ target }, key) {
    if (target !== this.box.text || target.selectionStart !== target.selectionEnd) return undefined;
    if (key === "Backspace" && target.selectionStart === 0) return "merge-previous";
    if (key === "Delete" && target.selectionStart === target.value.length) return "merge";
    return undefined;
  }

  showChange({ changed, isReordered, isOwn }) {
    if (isReordered) {
      this.showList();
      this.list.renumber();
    }
    this.list.update(changed);
    if (!this.store.cues.has(this.current)) {
      const near = this.store.cueAt(this.place) ?? this.store.order[0];
      this.select(near, { plays: false });
    }
    this.box.update(changed, isOwn);
    this.showProgress();
    this.gaps.show();
    this.strip.draw();
    this.wave.drawCues();
  }

  showState({ state, count, keptAt }) {
    const saving = byId("saving");
    saving.dataset.state = state;
    const time = keptAt?.toLocaleTimeString(document.documentElement.lang, { hour12: false });
    const texts = {
      idle: "",
      kept: time === undefined ? "" : say("kept", { time }),
      sending: say("sending"),
      away: say("waits_network", { count }),
      busy: say("waits_server", { count }),
      "signed-out": say("waits_sign_in", { count }),
    };
    saving.textContent = texts[state];
  }

  // After an undo, show the cue that it was about.
  showKept({ item, body }) {
    if (item.kind !== "undo" && item.kind !== "redo") return;
    const parts = body.operation?.cues ?? [];
    const there = parts.find((part) => part.after !== null) ?? parts[0];
    if (there !== undefined && there.cue !== this.current && this.store.cues.has(there.cue)) {
      this.goTo(there.cue);
    }
  }

  showPlaying() {
    byId("speed").textContent = `${settings.speed}×`;
    const loop = document.querySelector("[data-command=loop]");
    loop.setAttribute("aria-pressed", String(settings.loop));
    const isPlaying = this.player.isPlaying;
    byId("play-label").textContent = say(isPlaying ? "pause" : "play");
  }

  // Follow the sound: its place in the waveform, and when it plays on, the cue on screen.
  follow() {
    this.wave.moveCursor(this.player.time);
    this.showPlaying();
    if (this.player.until !== null) return;
    const id = this.store.cueAt(this.player.time);
    const isOther = id !== undefined && id !== this.current;
    if (isOther && this.list.rows.has(id)) this.select(id, { plays: false });
  }
}

async function open() {
  const answer = await call(`${reviewPath}/list`);
  if (answer.status !== 200 || answer.body.cues.length === 0) return;
  for (const part of document.querySelectorAll("[data-forms]")) part.hidden = true;
  byId("editor").hidden = false;
  new Editor(answer.body);
  if (document.activeElement !== document.body) return; // A person has begun with something else.
  byId("editor").scrollIntoView();
  byId("cue-list").focus({ preventScroll: true });
}

open();
