import { meta, now, root } from "../page.js";

// The incident board: tiles that filter the rows, and a line in the feed at the place where the reader looked away.

function filterBy(word) {
  const rows = document.querySelectorAll("[data-rows] > [data-key]");
  for (const row of rows) row.classList.toggle("is-filtered", Boolean(word) && !row.dataset.tags.split(" ").includes(word));
  for (const tile of document.querySelectorAll("[data-filter]")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.filter === word));
  }
  const clear = document.querySelector("[data-filter-clear]");
  if (clear) clear.hidden = !word;
}

let chosen = "";

document.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-filter]");
  if (tile) {
    chosen = chosen === tile.dataset.filter ? "" : tile.dataset.filter;
    filterBy(chosen);
  } else if (event.target.closest("[data-filter-clear]")) {
    chosen = "";
    filterBy("");
  }
});
document.addEventListener("bulkhead:refreshed", () => filterBy(chosen));

// "since you looked away": remember the newest entry on leaving the tab, draw the line below what came afterwards.
let seenUpTo = null;

const newest = () => Number(document.querySelector("[data-feed] > [data-seq]")?.dataset.seq ?? 0);

function drawLine() {
  const feed = document.querySelector("[data-feed]");
  if (!feed || seenUpTo === null) return;
  const first = [...feed.children].find((item) => Number(item.dataset.seq) <= seenUpTo);
  for (const item of feed.children) item.classList.toggle("feed__item--seen-before", item === first && newest() > seenUpTo);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) seenUpTo = newest();
  else drawLine();
});
document.addEventListener("bulkhead:refreshed", drawLine);

// On paper everything is open, and the time is that of printing.
let opened = [];

window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const each of opened) each.open = true;
  for (const time of document.querySelectorAll("[data-printed]")) {
    const form = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const utc = time.dataset.printed === "utc";
    const shown = utc ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : form;
    const zone = utc ? "UTC" : meta("time-zone") || undefined;
    time.textContent = new Intl.DateTimeFormat(root.lang || "en-GB", { ...shown, timeZone: zone, timeZoneName: "short" }).format(now());
  }
});
window.addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
