// The page that was kept, shown by the service worker when there is no line. It takes answers, and goes back to the
// live page as soon as the portal answers again.
import { keepAnswer, send } from "../answers.js";
import { TASKS } from "../kept.js";
import { ownAction } from "../own-action.js";
import { meta } from "../page.js";
import { typedWrong } from "../typed.js";
import { said, show } from "../unsent.js";

const person = meta("person");
const AGAIN = 5_000;

async function back() {
  const how = await send(person);
  await show(person);
  if (how === "no-line" || how === "busy") return;
  try {
    const answer = await fetch(`${TASKS}token/`, { signal: AbortSignal.timeout(8_000) });
    if (answer.status < 500) location.replace(TASKS); // also when signed out or cut off: the portal says so
  } catch {
    // Still no line.
  }
}

function hideAnswersOf(card) {
  for (const form of card.querySelectorAll("form")) (form.closest("details[data-answer]") ?? form).hidden = true;
}

async function answer(form) {
  const card = form.closest("[data-kept-task]");
  const { title, keptTask: task, tag, seenBy } = card.dataset;
  const { keptAnswer: act, words, as } = form.dataset;
  const reason = form.elements.reason?.value.trim();
  if (form.elements.reason && !reason) {
    form.elements.reason.setCustomValidity(said("why"));
    form.elements.reason.reportValidity();
    return;
  }
  const confirm = form.elements.confirm;
  if (confirm && typedWrong(confirm)) return;
  const body = { ...(reason ? { reason } : {}), ...(as ? { as } : {}), ...(confirm ? { confirm: confirm.value.trim() } : {}) };
  try {
    await keepAnswer(person, { task, tag, act, body, words, title, seenBy });
  } catch {
    form.after(said("unable"));
    return;
  }
  hideAnswersOf(card);
  await show(person);
  document.getElementById("unsent").scrollIntoView({ block: "nearest" });
  await back();
}

async function did(form) {
  const deed = ownAction(form);
  if (!deed) return;
  try {
    await keepAnswer(person, deed);
  } catch {
    form.after(said("unable"));
    return;
  }
  form.reset();
  form.closest("details").open = false;
  await show(person);
  document.getElementById("unsent").scrollIntoView({ block: "nearest" });
  await back();
}

async function start() {
  document.body.classList.add("js-enabled");
  document.addEventListener("input", (event) => event.target.setCustomValidity?.(""));
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-kept-answer], form[data-own-action]");
    if (!form) return;
    event.preventDefault();
    if ("ownAction" in form.dataset) did(form);
    else answer(form);
  });
  addEventListener("online", back);
  setInterval(back, AGAIN);
  for (const { task, state } of await show(person)) {
    const card = task && document.querySelector(`[data-kept-task="${CSS.escape(task)}"]`);
    if (state === "kept" && card) hideAnswersOf(card);
  }
}

start();
