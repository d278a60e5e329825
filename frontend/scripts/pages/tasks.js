// My tasks on a bad line: keeps a copy, keeps an answer that could not be sent, sends it when the line is back.
import { forgetAnswers, keepAnswer, send } from "../answers.js";
import { keep } from "../kept.js";
import { meta } from "../page.js";
import { typedWrong } from "../typed.js";
import { said, show } from "../unsent.js";

const person = meta("person");
const AGAIN = 30_000;
const KEEP_AGAIN = 120_000;
let ended = false;
let keptAt = 0;
let timer = 0;

async function keepPage() {
  clearTimeout(timer);
  const wait = keptAt + KEEP_AGAIN - Date.now();
  if (ended) return;
  if (wait > 0) {
    timer = setTimeout(keepPage, wait);
    return;
  }
  keptAt = Date.now();
  try {
    if ((await keep(person, () => !ended)) === "cut-off") await forgetAnswers();
  } catch {
    // No line just now: the copy of before stays.
  }
}

async function sendKept() {
  const how = await send(person);
  const answers = await show(person);
  if (how === "sent" && answers.some(({ state }) => state === "sent")) {
    document.dispatchEvent(new CustomEvent("bulkhead:resync"));
  }
}

function keepTap(form, body) {
  const seenBy = document.querySelector("[data-lead-name]")?.dataset.leadName ?? "";
  const words = form.querySelector("button").textContent.trim();
  const { task, tag, act, title } = form.dataset;
  keepAnswer(person, { task, tag, act, body, words, title, seenBy })
    .then(() => show(person))
    .then(() => {
      for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
      form.dataset.jsSending = "1"; // kept once; it goes with the next answer of the portal
      document.getElementById("unsent").scrollIntoView({ block: "nearest" });
    })
    .catch(() => form.after(said("unable")));
}

/** The step stops a service that has no fallback: its name is typed before anything is kept. */
function askForName(form) {
  if (document.getElementById("typed-name")) return;
  const asked = document.getElementById("kept-typed").content.cloneNode(true).firstElementChild;
  asked.dataset.jsMade = "";
  const { task, act, typed } = form.dataset;
  let at = form;
  // It asks about this step as it stood. Where the page has made the step's form anew it follows, with what was typed; once
  // the step has gone on, or has left the page, it goes.
  const stillAsked = () => {
    const same = [...document.querySelectorAll("form[data-task]")].find(
      ({ dataset }) => dataset.task === task && dataset.act === act && dataset.typed === typed,
    );
    if (!same) return leave();
    at = same;
    if (same.nextElementSibling === asked) return;
    same.after(asked);
    if (document.activeElement === document.body) asked.querySelector("input").focus();
  };
  const leave = () => {
    asked.remove();
    document.removeEventListener("bulkhead:refreshed", stillAsked);
  };
  document.addEventListener("bulkhead:refreshed", stillAsked);
  const field = asked.querySelector("input");
  field.dataset.names = form.dataset.typed;
  asked.querySelector("[data-names-said]").textContent = JSON.parse(form.dataset.typed).join(", ");
  field.addEventListener("input", () => field.setCustomValidity(""));
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    if (typedWrong(field)) return;
    leave();
    keepTap(at, { confirm: field.value.trim() });
  });
  form.after(asked);
  field.focus();
}

if (person && "serviceWorker" in navigator && "caches" in window && "locks" in navigator) {
  navigator.serviceWorker.register("/sw.js").then(keepPage, () => {});
  document.addEventListener("bulkhead:refreshed", keepPage);
  document.addEventListener("bulkhead:ended", () => {
    ended = true;
  });
  addEventListener("online", sendKept);
  setInterval(sendKept, AGAIN);
  sendKept();
  // The portal did not answer a tap: it is kept instead, and the card says so.
  document.addEventListener("bulkhead:not-sent", (event) => {
    const form = event.target.closest?.("form[data-task]");
    if (!form || ended) return;
    event.preventDefault();
    if (form.dataset.typed) askForName(form);
    else keepTap(form, {});
  });
}
