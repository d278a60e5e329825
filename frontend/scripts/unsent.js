// The list of answers that this browser has kept, sent or got back, on either form of My tasks.
import { answersOf, drop } from "./answers.js";
import { hhmmss } from "./page.js";

export function said(key, values = {}) {
  const holder = document.getElementById("kept-texts")?.content.querySelector(`[data-text="${key}"]`);
  return (holder?.textContent.trim() ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

function line(person, answer) {
  const item = document.createElement("li");
  item.dataset.state = answer.state;
  const time = hhmmss(answer.state === "sent" ? answer.sentAt : answer.at);
  item.append(said(answer.state, { words: answer.words, title: answer.title, time, names: answer.seenBy, why: answer.why }));
  if (answer.state !== "sent" && answer.body.reason) item.append(` ${said("said", { reason: answer.body.reason })}`);
  if (answer.state === "refused") {
    const read = document.createElement("button");
    read.type = "button";
    read.className = "plain";
    read.textContent = said("dismiss");
    read.addEventListener("click", async () => {
      await drop(person, answer.number);
      await show(person);
    });
    item.append(" ", read);
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
