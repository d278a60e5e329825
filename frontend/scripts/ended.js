// When the live stream ended for good: says on the page what happened and what to do, once. The page stays readable.
import { hhmm, now, text } from "./page.js";

const WORDS = { 4401: "ended-signed-out", 4403: "ended-cut-off" };

function say(code) {
  const main = document.getElementById("main");
  if (!WORDS[code] || !main || document.getElementById("ended")) return;
  const box = document.createElement("div");
  box.id = "ended";
  box.className = "problem";
  box.setAttribute("role", "alert");
  const said = document.createElement("p");
  said.textContent = text(WORDS[code], { time: hhmm(now()) });
  const again = document.createElement("a");
  again.className = "tap";
  again.href = location.pathname + location.search;
  again.textContent = text("ended-reload");
  box.append(said, again);
  main.prepend(box);
}

export function startEnded() {
  document.addEventListener("bulkhead:ended", ({ detail }) => say(detail.code));
}
