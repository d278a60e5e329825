// *We did something ourselves* on the live page: when the portal does not answer, it is kept on the phone instead.
import { keepAnswer, send } from "../answers.js";
import { ownAction } from "../own-action.js";
import { meta } from "../page.js";
import { said, show } from "../unsent.js";

const person = meta("person");
const form = document.querySelector("form[data-own-action]");
const PATIENCE = 6_000;
const AGAIN = 15_000;

async function answers() {
  try {
    return (await fetch("/my-tasks/token/", { signal: AbortSignal.timeout(PATIENCE) })).status < 502;
  } catch {
    return false;
  }
}

async function keep() {
  const deed = ownAction(form);
  if (!deed) return;
  try {
    await keepAnswer(person, deed);
  } catch {
    form.after(said("unable"));
    return;
  }
  form.reset();
  await show(person);
  document.getElementById("unsent").scrollIntoView({ block: "nearest" });
}

async function sendKept() {
  await send(person);
  await show(person);
}

if (form && person && "locks" in navigator && "indexedDB" in window) {
  let asking = false;
  form.addEventListener("input", (event) => event.target.setCustomValidity?.(""));
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.name) return; // "It is something else": the portal has just answered
    event.preventDefault();
    if (asking) return;
    asking = true;
    const there = await answers();
    asking = false;
    if (there) form.submit();
    else await keep();
  });
  addEventListener("online", sendKept);
  setInterval(sendKept, AGAIN);
  sendKept();
}
