// Fragments that follow the stream.
//
// <div id="…" data-refresh-url="…" data-refresh-on="INC-7KQ4"> is fetched again when an event of that incident arrives
// ("*" follows every event). At most one request is in flight and one waits. Cells change in place at once; a new order
// of [data-rows] waits behind "3 changes · apply new order", so that no row moves under a pointer.
//
// No event tells that a time has passed, or how many of the others are silent: once a minute, and when the page comes to
// the front again, everything is fetched without one. Nothing is marked as changed then.
import htmx from "htmx.org";
import { morph } from "./morph.js";
import { text } from "./page.js";

const QUIET = 250;
const BY_THE_CLOCK = 50_000 + Math.random() * 20_000; // not all screens in the same second
const states = new WeakMap();

const hosts = () => document.querySelectorAll("[data-refresh-url]");

function stateOf(host) {
  if (!states.has(host)) states.set(host, { flying: false, queued: false, timer: 0, told: false, changed: new Set() });
  return states.get(host);
}

export function ask(host, { told = true } = {}) {
  const state = stateOf(host);
  state.told ||= told;
  if (state.flying) {
    state.queued = true;
    return;
  }
  clearTimeout(state.timer);
  state.timer = setTimeout(() => fetchInto(host, state), QUIET);
}

async function fetchInto(host, state) {
  const { told } = state;
  state.flying = true;
  state.queued = false;
  state.told = false;
  try {
    const answer = await fetch(host.dataset.refreshUrl, {
      // Nobody has touched anything then: it does not keep a session from going idle.
      headers: { "HX-Request": "true", Accept: "text/html", ...(told ? {} : { "X-By-The-Clock": "1" }) },
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    put(host, await answer.text(), state, told);
    host.dataset.jsRefreshed = String(Number(host.dataset.jsRefreshed || 0) + 1);
    delete host.dataset.jsTries;
  } catch {
    const tries = Number(host.dataset.jsTries || 0) + 1;
    host.dataset.jsTries = String(tries);
    if (tries <= 5) setTimeout(() => ask(host, { told }), Math.random() * 1_000 * 2 ** tries);
  } finally {
    state.flying = false;
    if (state.queued) ask(host, { told: false }); // whoever queued it has said whether it was told
  }
}

function put(host, html, state, told) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fresh = parsed.getElementById(host.id);
  if (!fresh) return;
  const wanted = new Map();
  for (const rows of fresh.querySelectorAll("[data-rows]")) {
    wanted.set(rows.id, [...rows.children].map((row) => row.dataset.key));
  }
  morph(host, fresh, (element) => told && mark(element, state));
  htmx.process(host);
  for (const [id, order] of wanted) offerOrder(document.getElementById(id), order, state);
  document.dispatchEvent(new CustomEvent("bulkhead:refreshed", { detail: { id: host.id } }));
}

function mark(element, state) {
  const cell = element.closest("[data-cell], [data-key]");
  if (!cell || cell.closest("[data-own]")) return;
  cell.setAttribute("data-js-class", "");
  cell.classList.add("is-changed");
  setTimeout(() => {
    cell.classList.remove("is-changed");
    cell.removeAttribute("data-js-class");
  }, 6_000);
  const row = cell.closest("[data-rows] > [data-key]");
  if (row) state.changed.add(row.dataset.key);
}

function offerOrder(rows, order, state) {
  if (!rows) return;
  const present = [...rows.children].map((row) => row.dataset.key);
  const moved = order.filter((key, index) => present[index] !== key);
  const bar = document.querySelector(`[data-order-of="${rows.id}"]`);
  state.order = order;
  if (!moved.length || !bar) {
    state.changed.clear();
    bar?.setAttribute("hidden", "");
    return;
  }
  const count = Math.max(1, state.changed.size);
  bar.querySelector("[data-order-words]").textContent = text(count === 1 ? "one-change" : "changes", { n: count });
  bar.removeAttribute("hidden");
}

export function applyOrder(bar) {
  const rows = document.getElementById(bar.dataset.orderOf);
  const host = rows?.closest("[data-refresh-url]");
  if (!host) return;
  const state = stateOf(host);
  const byKey = new Map([...rows.children].map((row) => [row.dataset.key, row]));
  for (const key of state.order ?? []) if (byKey.has(key)) rows.append(byKey.get(key));
  state.changed.clear();
  bar.setAttribute("hidden", "");
  rows.querySelector("a")?.focus();
}

export function startRefresh() {
  document.addEventListener("bulkhead:event", ({ detail }) => {
    for (const host of hosts()) {
      const on = host.dataset.refreshOn;
      if (on === "*" || (detail.incident && on.split(" ").includes(detail.incident))) ask(host);
    }
  });
  document.addEventListener("bulkhead:resync", () => hosts().forEach((host) => ask(host)));
  const byTheClock = () => document.hidden || hosts().forEach((host) => ask(host, { told: false }));
  setInterval(byTheClock, BY_THE_CLOCK);
  document.addEventListener("visibilitychange", byTheClock);
  document.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-order-apply]")?.closest("[data-order-of]");
    if (bar) applyOrder(bar);
  });
}
