// Keeps the parts of a page that are marked with data-live as they are on the server.
//
// The server says that something has changed; then the page is fetched again, and the marked parts
// that differ are replaced. A part that is in use stays as it is until it is left.
"use strict";

(() => {
  const MIN_PAUSE = 1000; // milliseconds between two fetches
  const REOPEN_PAUSE = 10000; // milliseconds until what was refused is asked for again
  const MIN_ANNOUNCEMENT_PAUSE = 5000; // a screen reader is told of progress at most so often
  const script = document.currentScript;
  const announcer = document.getElementById("announcer");
  let source = null;
  let timer = null;
  let fetchedAt = 0;
  let announceTimer = null;
  let announcedAt = 0;
  let announcedText = textToSpeak(); // what the page says at first is read with the page

  function isInUse(part) {
    const active = document.activeElement;
    const isFocused = active !== null && active !== part && part.contains(active);
    const selection = document.getSelection();
    const isSelected = !selection.isCollapsed && selection.containsNode(part, true);
    return isFocused || isSelected || part.querySelector("input:checked, details[open]") !== null;
  }

  function partsOf(page) {
    return new Map([...page.querySelectorAll("[data-live][id]")].map((part) => [part.id, part]));
  }

  function update(page) {
    const main = document.querySelector("main");
    const before = partsOf(document);
    const after = partsOf(page);
    const isSame = before.size === after.size && [...before.keys()].every((id) => after.has(id));
    if (!isSame && !isInUse(main)) {
      main.replaceChildren(...document.importNode(page.querySelector("main"), true).childNodes);
    } else {
      for (const [id, part] of before) {
        const fresh = after.get(id);
        if (fresh !== undefined && fresh.outerHTML !== part.outerHTML && !isInUse(part)) {
          part.replaceWith(document.importNode(fresh, true));
        }
      }
    }
    announce();
  }

  function textToSpeak() {
    const spoken = [...document.querySelectorAll("[data-announce]")];
    return spoken.map((part) => part.textContent.trim()).join(", ");
  }

  function announce() {
    if (announceTimer !== null) return;
    const wait = announcedAt + MIN_ANNOUNCEMENT_PAUSE - Date.now();
    announceTimer = setTimeout(() => {
      announceTimer = null;
      const text = textToSpeak();
      if (text === announcedText) return;
      announcedAt = Date.now();
      announcedText = announcer.textContent = text;
    }, Math.max(0, wait));
  }

  async function refresh() {
    timer = null;
    fetchedAt = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected) {
        location.reload(); // the session has ended
      } else if (answer.ok) {
        update(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } else if (answer.status >= 500) {
        refreshLater(); // nothing tells of the change again
      }
    } catch {
      refreshLater();
    }
  }

  function refreshLater() {
    if (timer === null && !document.hidden) timer = setTimeout(refresh, REOPEN_PAUSE);
  }

  function schedule() {
    if (timer !== null) return;
    timer = setTimeout(refresh, Math.max(0, fetchedAt + MIN_PAUSE - Date.now()));
  }

  function follow() {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (source === null) {
      source = new EventSource(script.dataset.events);
      source.addEventListener("changed", schedule);
      // What changed before the stream was open is missed, also on the first page.
      source.addEventListener("open", schedule);
      source.addEventListener("error", reopenLater);
    }
  }

  // A browser opens a stream again that broke off, but not one that was refused: because too many
  // are open, or by a proxy while the server starts. Until it is open, the page is fetched now and
  // then.
  function reopenLater(event) {
    if (event.target !== source || source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      if (event.target !== source) return;
      source = null;
      if (!document.hidden) schedule();
      follow();
    }, REOPEN_PAUSE);
  }

  if (document.querySelector("[data-live]") === null) return;
  document.addEventListener("visibilitychange", follow);
  document.addEventListener("focusout", () => setTimeout(schedule, MIN_PAUSE));
  addEventListener("pagehide", () => source?.close());
  follow();
})();
