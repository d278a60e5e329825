// The list of answers that this browser has kept, sent or got back, on either form of My tasks.
import { answersOf, drop, keepAnswer, send } from "./answers.js";
import { hhmmss } from "./page.js";

export function said(key, values = {}) {
  const holder = document.getElementById("kept-texts")?.content.querySelector(`[data-text="${key}"]`);
  return (holder?.textContent.trim() ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

function pressing(words, work) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = words;
  button.addEventListener("click", work);
  return button;
}

/** The same once more, as something else than the open task that it reads like. */
async function sendApart(person, { number, incident, body, words, title, seenBy }) {
  await keepAnswer(person, { incident, body: { ...body, apart: true }, words, title, seenBy });
  await drop(person, number);
  await send(person);
  await show(person);
}

function line(person, answer) {
  const item = document.createElement("li");
  item.dataset.state = answer.state;
  const time = hhmmss(answer.state === "sent" ? answer.sentAt : answer.at);
  item.append(said(answer.alike ? "alike" : answer.state, { words: answer.words, title: answer.title, time, names: answer.seenBy, why: answer.why }));
  if (answer.state !== "sent" && answer.body.reason) item.append(` ${said("said", { reason: answer.body.reason })}`);
  if (answer.state === "refused") {
    if (answer.alike) item.append(" ", pressing(said("apart"), () => sendApart(person, answer)));
    const read = async () => {
      await drop(person, answer.number);
      await show(person);
    };
    item.append(" ", pressing(said("dismiss"), read));
  }
  return item;
}

/** Show what there is; what was sent is shown once and then forgotten. */
export async function show(person) {
  const place = document.getElementById("unsent");
  if (!place) return [];
  const answers = await answersOf(person);
  const before = [...place.querySelectorAll('li[data-state="sent"]')];
  place.querySelector("ul").replaceChildren(...before, ...answers.map((answer) => line(person, answer)));
  place.hidden = !place.querySelector("li");
  for (const { state, number } of answers) if (state === "sent") await drop(person, number);
  return answers;
}
