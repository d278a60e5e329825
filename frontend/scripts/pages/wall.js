// The wall screen. It has no socket: it fetches its own fragment every ten seconds, and says how old what it shows is.
import { hhmm, now, root, text } from "../page.js";

const EVERY = 10_000;
const STALE_AFTER = 25_000;
let seenAt = now();
let flying = false;

const host = () => document.getElementById("wall");
const two = (number) => String(number).padStart(2, "0");

function tick() {
  const stale = !navigator.onLine || now() - seenAt > STALE_AFTER;
  root.dataset.wall = stale ? "stale" : "live";
  const light = host().querySelector("[data-light]");
  const said = stale ? text("stale", { time: hhmm(seenAt) }) : text("live");
  if (light.textContent !== said) light.textContent = said;
  for (const clock of host().querySelectorAll("[data-elapsed]")) {
    const minutes = Math.max(0, Math.floor((now() - Date.parse(clock.getAttribute("datetime"))) / 60_000));
    clock.textContent = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }
}

async function look() {
  if (flying) return;
  flying = true;
  try {
    const answer = await fetch(host().dataset.fragmentUrl, { signal: AbortSignal.timeout(8_000) });
    if (answer.status === 401) {
      location.reload(); // the page itself says that the screen has ended
      return;
    }
    if (answer.redirected || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("wall");
    if (!fresh) return;
    host().replaceWith(document.adoptNode(fresh));
    seenAt = now();
  } catch {
    // The light says by itself for how long nothing has come.
  } finally {
    flying = false;
    tick();
  }
}

tick();
setInterval(tick, 1_000);
setInterval(look, EVERY);
addEventListener("offline", tick);
addEventListener("online", look);
