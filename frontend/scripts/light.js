// The live light: "Live, 2 s ago", "Catching up", "Stale since 08:41". Silence must never look like calm.
import { hhmm, hhmmss, now, root, text } from "./page.js";

let state = "";
let detail = {};
let lastEvent = null;

function words() {
  if (state === "live") return lastEvent === null ? text("live") : text("live-age", { age: age(now() - lastEvent) });
  if (state === "stale") {
    if (detail.reason) return text(`stale-${detail.reason}`, { time: hhmm(detail.since) });
    return text("stale", { time: hhmm(detail.since) });
  }
  return detail.askedAt ? text("catching-up-asked", { time: hhmmss(detail.askedAt) }) : text("catching-up");
}

function age(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return text("seconds", { n: seconds });
  if (seconds < 3600) return text("minutes", { n: Math.floor(seconds / 60) });
  return text("hours", { n: Math.floor(seconds / 3600) });
}

function paint() {
  const place = document.getElementById("live-light-words");
  if (!place) return;
  const said = words();
  if (place.textContent !== said) place.textContent = said;
}

export const light = {
  show(next, more = {}) {
    // A lost link stays "stale" while reconnecting goes on; only hearing something again ends it.
    if (next === "catching-up" && state === "stale" && !more.askedAt && root.dataset.liveState === "stale") return;
    const changed = next !== state;
    state = next;
    detail = more;
    root.dataset.liveState = next;
    document.body.classList.toggle("is-stale", next === "stale");
    paint();
    if (changed) {
      const said = document.getElementById("live-light-announce");
      // Screen readers hear a lost and a found connection, not every tick.
      if (said) said.textContent = next === "catching-up" ? "" : words();
      document.dispatchEvent(new CustomEvent("bulkhead:light", { detail: { state: next } }));
    }
  },
  eventAt(milliseconds) {
    lastEvent = Number.isFinite(milliseconds) ? milliseconds : now();
    paint();
  },
};

setInterval(paint, 1_000);
