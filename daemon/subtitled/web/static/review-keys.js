// Which key means which command, in the list of cues and in the text of a cue.
//
// Single keys are commands only while the list has the focus. They can be changed and switched off.

import settings, { keepSettings } from "./review-settings.js";

const DEFAULTS = {
  list: {
    next: ["ArrowDown", "j"],
    previous: ["ArrowUp", "k"],
    "next-doubtful": ["n"],
    "previous-doubtful": ["Shift+n"],
    "next-finding": ["f"],
    first: ["Home"],
    last: ["End"],
    play: ["Space"],
    "play-on": ["Shift+Space"],
    "play-before": ["q"],
    "play-after": ["w"],
    "play-first": ["e"],
    "play-last": ["d"],
    right: ["a"],
    wrong: ["x"],
    unjudge: ["u"],
    edit: ["Enter"],
    split: ["s"],
    merge: ["m"],
    delete: ["Delete"],
    insert: ["i"],
    break: ["b"],
    restore: ["o"],
    "start-earlier": ["["],
    "start-later": ["]"],
    "end-earlier": ["{"],
    "end-later": ["}"],
    "start-frame-earlier": ["Alt+["],
    "start-frame-later": ["Alt+]"],
    "end-frame-earlier": ["Alt+{"],
    "end-frame-later": ["Alt+}"],
    "both-earlier": [","],
    "both-later": ["."],
    "snap-words": ["z"],
    "snap-shots": ["Shift+z"],
    ask: ["r"],
    term: ["t"],
    picture: ["v"],
    clip: ["Shift+v"],
    loop: ["l"],
    slower: ["-"],
    faster: ["+"],
    "go-to": ["g"],
    find: ["/"],
    replace: ["Ctrl+h"],
    undo: ["Ctrl+z"],
    redo: ["Ctrl+Shift+z", "Ctrl+y"],
    help: ["?"],
    approve: ["Ctrl+Enter"],
    ...Object.fromEntries([..."123456789"].map((digit) => [`take-${digit}`, [digit]])),
  },
  text: {
    "keep-next": ["Ctrl+Enter"],
    leave: ["Escape"],
    play: ["Ctrl+Space"],
    next: ["Alt+ArrowDown"],
    previous: ["Alt+ArrowUp"],
    split: ["Alt+Enter"],
    break: ["Ctrl+b"],
    term: ["Ctrl+g"],
    replace: ["Ctrl+h"],
    undo: ["Ctrl+z"],
    redo: ["Ctrl+Shift+z", "Ctrl+y"],
  },
};
const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"];

export const PLACES = Object.keys(DEFAULTS);

// Return the name of the key of an event, such as Ctrl+Shift+z; null for a modifier alone.
//
// A sign is named by itself, wherever it is on the keyboard: "{" and not Shift+[. With a keyboard
// of another script, a letter is named by its place.
export function nameKey(event) {
  if (MODIFIERS.includes(event.key) || event.isComposing) return null;
  const isSign = event.key.length === 1;
  let key = event.key === " " ? "Space" : event.key;
  if (isSign && !/^[\x21-\x7e]$/.test(key) && /^Key[A-Z]$/.test(event.code)) {
    key = event.code.at(-1);
  }
  const isLetter = /^[a-z]$/i.test(key);
  if (isLetter) key = key.toLowerCase();
  const isAltGraph = isSign && event.getModifierState("AltGraph");
  const parts = [];
  if ((event.ctrlKey || event.metaKey) && !isAltGraph) parts.push("Ctrl");
  if (event.altKey && !isAltGraph) parts.push("Alt");
  if (event.shiftKey && (!isSign || isLetter || key === "Space")) parts.push("Shift");
  return [...parts, key].join("+");
}

// Check whether a key is a letter, digit or sign without Ctrl or Alt.
function isSingle(key) {
  return /^(Shift\+)?.$/u.test(key);
}

// Return the keys of a command, as the person set them.
export function keysOf(place, command) {
  const own = settings.keys[`${place} ${command}`];
  return own === undefined ? DEFAULTS[place][command] : own;
}

// Return the commands of a place in their order.
export function commandsOf(place) {
  return Object.keys(DEFAULTS[place]);
}

// Return the command of a key; undefined if it has none.
export function findCommand(place, key) {
  if (isSingle(key) && !settings.single_keys) return undefined;
  return commandsOf(place).find((command) => keysOf(place, command).includes(key));
}

// Give a command another key. Return the name of the text that says why that is impossible.
export function setKey(place, command, key) {
  if (place === "text" && !/^(Ctrl|Alt)\+|^F\d+$|^Escape$/.test(key)) return "key_types";
  if (["Tab", "Shift+Tab"].includes(key)) return "key_moves";
  const owner = commandsOf(place).find((one) => keysOf(place, one).includes(key));
  if (owner !== undefined && owner !== command) return "key_taken";
  settings.keys[`${place} ${command}`] = [key];
  keepSettings();
  return null;
}

export function resetKeys() {
  settings.keys = {};
  settings.single_keys = true;
  keepSettings();
}
