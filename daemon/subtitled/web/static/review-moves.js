// Commands that change nothing: going from cue to cue, hearing, looking.

import data, { byId, make, reviewPath, say } from "./review-data.js";
import { askPlace } from "./review-dialogs.js";
import settings, { keepSettings } from "./review-settings.js";

export const AROUND = 0.3; // seconds of the sound before and after a cue
const HALF = 0.5; // seconds that are heard at an end of a cue

export function makeMoves(editor) {
  const { store, player } = editor;
  const cue = () => store.cues.get(editor.current);

  function step(distance) {
    const route = store.route(editor.way);
    const place = route.indexOf(editor.current);
    const next = place < 0 ? store.near(editor.current, distance)?.id : route[place + distance];
    if (next !== undefined) editor.select(next);
  }

  // Go to the next cue in the film, or the one before, that fits; in the way that is shown.
  function seek(distance, fits) {
    const isWorst = editor.way === "worst" && fits === isDoubtful;
    const route = isWorst ? store.route("worst") : store.order;
    for (let place = route.indexOf(editor.current) + distance; route[place]; place += distance) {
      if (fits(route[place])) return editor.goTo(route[place]);
    }
    return editor.tell(say("no_more"));
  }

  const isDoubtful = (id) => store.isDoubtful(id);
  const hasFinding = (id) =>
    (store.cues.get(id).findings ?? []).some(([, severity]) => severity !== "advice");

  function hear(from, to) {
    player.play(Math.max(0, from), to);
  }

  function setSpeed(change) {
    player.setSpeed(settings.speed + change);
    keepSettings();
    editor.showPlaying();
  }

  const find = byId("find");
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") editor.list.element.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    const wanted = find.value.trim().toLowerCase();
    if (wanted === "") return;
    const place = store.places.get(editor.current) ?? -1;
    const ahead = [...store.order.slice(place + 1), ...store.order.slice(0, place + 1)];
    const isMatch = (id) => flat(store.cues.get(id).text).includes(wanted);
    const found = ahead.find(isMatch);
    if (found === undefined) editor.tell(say("not_found"));
    else editor.goTo(found);
  });

  return {
    next: () => step(1),
    previous: () => step(-1),
    first: () => editor.select(store.route(editor.way)[0]),
    last: () => editor.select(store.route(editor.way).at(-1)),
    "next-doubtful": () => seek(1, isDoubtful),
    "previous-doubtful": () => seek(-1, isDoubtful),
    "next-finding": () => seek(1, hasFinding),
    play() {
      if (player.isPlaying) player.pause();
      else hear(cue().start - AROUND, cue().end + AROUND);
    },
    "play-on"() {
      if (player.isPlaying && player.until === null) player.pause();
      else player.play(Math.max(0, cue().start - AROUND));
    },
    "play-before": () => hear(cue().start - HALF, cue().start),
    "play-after": () => hear(cue().end, cue().end + HALF),
    "play-first": () => hear(cue().start, Math.min(cue().start + HALF, cue().end)),
    "play-last": () => hear(Math.max(cue().start, cue().end - HALF), cue().end),
    loop() {
      settings.loop = !settings.loop;
      keepSettings();
      editor.showPlaying();
    },
    slower: () => setSpeed(-0.25),
    faster: () => setSpeed(0.25),
    picture: () => editor.picture.toggle("still"),
    clip: () => editor.picture.toggle("clip"),
    async "go-to"() {
      const id = await askPlace(store);
      if (id === undefined) editor.tell(say("no_such_place"));
      else if (id !== null) editor.goTo(id);
    },
    find: () => find.select(),
    help: () => editor.help.open(),
  };
}

function flat(text) {
  return text.replaceAll("\n", " ").toLowerCase();
}

// The picture of a cue, or picture and sound of it, if a person wants to see them.
export class Picture {
  constructor(store) {
    this.store = store;
    this.kind = null;
    this.timer = null;
  }

  toggle(kind) {
    this.kind = this.kind === kind ? null : kind;
    this.show(this.id, 0);
  }

  show(id, pause = 300) {
    this.id = id;
    const place = byId("picture");
    const cue = this.store.cues.get(id);
    clearTimeout(this.timer);
    place.hidden = this.kind === null || cue === undefined;
    if (place.hidden) {
      place.replaceChildren();
      return;
    }
    this.timer = setTimeout(() => place.replaceChildren(this.makeElement(cue)), pause);
  }

  makeElement(cue) {
    if (this.kind === "still") {
      const at = ((cue.start + cue.end) / 2).toFixed(3);
      return make("img", { src: `${reviewPath}/still?at=${at}`, alt: say("picture_of_cue") });
    }
    const start = Math.max(0, cue.start - AROUND).toFixed(3);
    const end = Math.min(cue.end + AROUND, Number(start) + 60).toFixed(3);
    const video = make("video", { src: `${reviewPath}/clip?start=${start}&end=${end}`, controls: true });
    video.setAttribute("aria-label", data.commands.clip);
    video.play().catch(() => {});
    return video;
  }
}
