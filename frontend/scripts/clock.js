// Clocks that tick. Each is an element with a `datetime` and one of
//   data-clock="age"        "3 min ago"
//   data-clock="countdown"  "in 12 min", after its time "3 min overdue"
//   data-clock="elapsed"    "00:38" since
//   data-clock="undo"       seconds left; its [data-undo] is hidden at zero
//   data-clock="now"        the time of day, and the same in UTC with data-utc
// The ticking text is hidden from screen readers; a twin beside it changes once a minute. `data-alarm` ticks on while paused.
import { hhmm, now, text } from "./page.js";

const STORE = "bulkhead-paused";
let paused = false;
let lastMinute = -1;

function span(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60_000);
  if (minutes < 1) return text("seconds", { n: Math.floor(Math.abs(milliseconds) / 1000) });
  if (minutes < 60) return text("minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 100) return text("hours-minutes", { h: hours, m: minutes % 60 });
  return text("days", { n: Math.floor(hours / 24) });
}

const two = (number) => String(number).padStart(2, "0");

const faces = {
  age: (at) => text("ago", { span: span(now() - at) }),
  countdown: (at) => text(at >= now() ? "in" : "overdue-by", { span: span(at - now()) }),
  elapsed(at) {
    const minutes = Math.max(0, Math.floor((now() - at) / 60_000));
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  },
  undo: (at) => text("seconds", { n: Math.max(0, Math.ceil((at - now()) / 1000)) }),
  now: (_, element) => (element.hasAttribute("data-utc") ? new Date(now()).toISOString().slice(11, 16) : hhmm(now())),
};

function tick() {
  const minute = Math.floor(now() / 60_000);
  const newMinute = minute !== lastMinute;
  lastMinute = minute;
  for (const element of document.querySelectorAll("[data-clock]")) {
    const kind = element.dataset.clock;
    if (paused && !element.hasAttribute("data-alarm") && kind !== "undo") continue;
    const at = Date.parse(element.getAttribute("datetime") ?? "");
    if (kind !== "now" && Number.isNaN(at)) continue;
    const said = faces[kind](at, element);
    if (element.textContent !== said) element.textContent = said;
    if (kind === "countdown") element.classList.toggle("is-overdue", at < now());
    if (kind === "undo" && at <= now()) element.closest("[data-undo]")?.setAttribute("hidden", "");
    const twin = element.nextElementSibling;
    if (newMinute && twin?.hasAttribute("data-twin")) twin.textContent = said;
  }
}

function remember(value) {
  try {
    if (value === undefined) return sessionStorage.getItem(STORE) === "1";
    sessionStorage.setItem(STORE, value ? "1" : "0");
  } catch {
    // Without storage the choice lasts for this page.
  }
  return Boolean(value);
}

export function setPaused(value) {
  paused = remember(value);
  document.body.classList.toggle("is-paused", paused);
  for (const button of document.querySelectorAll("[data-pause]")) {
    button.setAttribute("aria-pressed", String(paused));
  }
}

export const togglePaused = () => setPaused(!paused);

export function startClock() {
  setPaused(remember());
  tick();
  setInterval(tick, 1_000);
  document.addEventListener("bulkhead:refreshed", tick);
  document.addEventListener("htmx:afterSwap", tick);
  document.addEventListener("click", (event) => event.target.closest("[data-pause]") && togglePaused());
}
