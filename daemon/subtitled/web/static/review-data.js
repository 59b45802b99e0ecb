// What the server put into the page for the editor: addresses, limits, and texts in its language.

const data = JSON.parse(document.getElementById("review-data").textContent);

export default data;
export const apiPath = `${data.base}/api/v1`;
export const reviewPath = `${apiPath}/reviews/${data.review}`;
export const pagePath = `${data.base}/review/${data.review}`;

// Return a text with its values.
export function say(name, values = {}) {
  return fill(data.texts[name], values);
}

// Return why a cue is doubtful, as a sentence. What this version does not know is told in English.
export function describeReason(reason) {
  const template = data.reasons[reason.kind];
  const names = [...(template ?? "").matchAll(/%\((\w+)\)s/g)].map((match) => match[1]);
  const isKnown = template !== undefined && names.every((name) => name in (reason.values ?? {}));
  if (!isKnown) return String(reason.text ?? reason);
  const values = Object.entries(reason.values).map(([name, value]) => [
    name, data.said.includes(name) ? translatePhrase(String(value)) : value,
  ]);
  return fill(template, Object.fromEntries(values));
}

// An English phrase of the daemon is known by its words; its placeholders are numbers, or any text.
const phrases = data.phrases.map(([english, own]) => {
  const pattern = english
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/%\\\((text|why)\\\)s/g, "(?<$1>.+)")
    .replace(/%\\\((\w+)\\\)s/g, "(?<$1>-?[0-9.]+%?)");
  return [new RegExp(`^${pattern}$`, "s"), own];
});

// Return a phrase of the daemon in the language of the page.
export function translatePhrase(phrase) {
  for (const [pattern, own] of phrases) {
    const match = pattern.exec(phrase);
    if (match === null) continue;
    const { why, ...values } = match.groups ?? {};
    return fill(own, why === undefined ? values : { ...values, why: translatePhrase(why) });
  }
  return phrase;
}

function fill(template, values) {
  return template.replace(/%\((\w+)\)s|%%/g, (found, key) =>
    found === "%%" ? "%" : String(values[key]),
  );
}

// Write a time of the film, such as 01:02:03.500.
export function writeTime(seconds) {
  const total = Math.round(Math.max(0, seconds) * 1000);
  const parts = [Math.floor(total / 3600000), Math.floor(total / 60000) % 60];
  const rest = ((total % 60000) / 1000).toFixed(3).padStart(6, "0");
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}:${rest}`;
}

// Read a time that a person wrote, as 01:02:03.500, 2:03.5 or in seconds; null if it is none.
export function readTime(text) {
  const match = /^(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,6})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (match === null) return null;
  const [, hours, minutes, seconds, decimals] = match;
  if (minutes !== undefined && (Number(seconds) > 59 || (hours && Number(minutes) > 59))) return null;
  const whole = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
  return roundTime(whole + Number(`0.${decimals ?? 0}`));
}

// Round a time to whole milliseconds, as files have them.
export function roundTime(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

// Make an element with properties, attributes and children.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Return a text of the subtitle as an element with its own language and direction.
export function makeWords(text, language = data.language, direction = data.direction) {
  return make("span", { className: "words", lang: language, dir: direction }, text);
}

export function byId(id) {
  return document.getElementById(id);
}
