// The list of all keys. Each can be changed here, and single keys can be switched off.

import data, { byId, make, say } from "./review-data.js";
import { PLACES, commandsOf, keysOf, nameKey, resetKeys, setKey } from "./review-keys.js";
import settings, { keepSettings } from "./review-settings.js";

const NAMES = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", Delete: "Del" };

export class Help {
  constructor() {
    this.dialog = byId("dialog-keys");
    this.waiting = null; // the button that takes the next key
    this.single = byId("keys-single");
    this.single.addEventListener("change", () => {
      settings.single_keys = this.single.checked;
      keepSettings();
    });
    byId("keys-reset").addEventListener("click", () => {
      resetKeys();
      this.fill();
    });
    this.dialog.addEventListener("keydown", (event) => this.takeKey(event), true);
    this.dialog.addEventListener("close", () => this.stop());
  }

  open() {
    this.fill();
    this.dialog.showModal();
  }

  fill() {
    this.stop();
    this.single.checked = settings.single_keys;
    for (const place of PLACES) {
      const rows = commandsOf(place).map((command) => this.makeRow(place, command));
      byId(`keys-${place}`).replaceChildren(...rows);
    }
  }

  makeRow(place, command) {
    const label = data.commands[command.replace(/-\d$/, "")];
    const digit = /\d$/.exec(command)?.[0];
    const name = digit === undefined ? label : `${label} ${digit}`;
    const button = make("button", { type: "button", className: "quiet key" }, show(keysOf(place, command)));
    button.dataset.place = place;
    button.dataset.remaps = command;
    button.setAttribute("aria-label", `${name}: ${button.textContent}. ${say("change_key")}`);
    button.addEventListener("click", () => {
      this.stop();
      this.waiting = button;
      button.textContent = say("press_key");
    });
    const head = make("th", { scope: "row" }, name);
    return make("tr", {}, head, make("td", {}, button));
  }

  takeKey(event) {
    if (this.waiting === null) return;
    const key = nameKey(event);
    event.preventDefault();
    event.stopPropagation();
    if (key === null) return;
    const button = this.waiting;
    const { place, remaps } = button.dataset;
    const isLeft = key === "Escape" && !keysOf(place, remaps).includes("Escape");
    const problem = isLeft ? null : setKey(place, remaps, key);
    byId("keys-problem").textContent = problem === null ? "" : `${key}: ${say(problem)}`;
    this.fill();
    this.dialog.querySelector(`[data-place="${place}"][data-remaps="${remaps}"]`).focus();
  }

  stop() {
    if (this.waiting === null) return;
    const { place, remaps } = this.waiting.dataset;
    this.waiting.textContent = show(keysOf(place, remaps));
    this.waiting = null;
  }
}

// Write keys for people.
export function show(keys) {
  return keys
    .map((key) => key.split("+").map((part) => NAMES[part] ?? part).join("+") || "+")
    .join(", ");
}
