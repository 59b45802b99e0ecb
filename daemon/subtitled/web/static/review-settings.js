// What a person set for this browser: playing by itself, speed, and keys.

const NAME = "subtitled.review.settings";
const DEFAULTS = { autoplay: true, loop: false, speed: 1, single_keys: true, keys: {} };

const settings = { ...DEFAULTS, ...load() };

export default settings;

export function keepSettings() {
  try {
    localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // Without a store they hold until the page is left.
  }
}

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return kept !== null && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
