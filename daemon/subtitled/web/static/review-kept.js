// What a browser keeps of a review, until the server has it or the person has answered.

import data from "./review-data.js";

// No name begins like another one here: "ana" has nothing of "ana.b".
const prefixOf = (kind) =>
  [`subtitled.${kind}`, data.base, data.review, data.user, ""].map(encodeURIComponent).join("/");
const PREFIX = prefixOf("waits");
export const UNANSWERED = prefixOf("unanswered");

export const remember = (item) => store(PREFIX + item.id, item);
export const forget = (item) => discard(PREFIX + item.id);

export function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without a store it is in memory only, until it is sent.
  }
}

export function discard(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // There is no store.
  }
}

export function restore(prefix) {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    return keys.flatMap(readItem);
  } catch {
    return [];
  }
}

// Return what is under a key; nothing if another tab sent it just now, or if it is no item.
export function readItem(key) {
  try {
    const item = JSON.parse(localStorage.getItem(key));
    return item === null ? [] : [item];
  } catch {
    return [];
  }
}

// Return what waits from before the page was left, in order. The server may have the first.
export function restoreWaiting() {
  const items = restore(PREFIX).map((item) => ({ ...item, wasSent: true }));
  return items.sort((a, b) => a.at - b.at);
}
