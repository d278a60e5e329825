// *We did something ourselves*, from a form to what is kept until there is a line:
//
// <form data-own-action="REFERENCE" data-words="We did something ourselves" data-seen-by="NAME">
// with what (a title, or "other"), title, done_at (local time; none: now), and perhaps touches ("system:ID"), stops, words.
import { said } from "./unsent.js";

function wrong(field, key) {
  field.setCustomValidity(said(key));
  field.reportValidity();
}

/** The answer to keep (`answers.js`), or nothing when the form does not say enough: then it has said so. */
export function ownAction(form) {
  const { what, title, done_at: when, touches, stops, words } = form.elements;
  const chosen = [...form.querySelectorAll("[name=what]")].find(({ checked }) => checked)?.value;
  if (!chosen) return void wrong(what[0] ?? what, "what");
  const deed = chosen === "other" ? title.value.trim() : chosen;
  if (!deed) return void wrong(title, "title");
  const at = when?.value ? new Date(when.value) : new Date();
  if (Number.isNaN(at.getTime())) return void wrong(when, "when");
  const [about, id] = (touches?.value ?? "").split(":");
  return {
    incident: form.dataset.ownAction,
    body: {
      title: deed,
      done_at: at.toISOString(),
      ...(id ? { about, about_id: id } : {}),
      ...(stops?.value.trim() ? { stops: stops.value.trim() } : {}),
      ...(words?.value.trim() ? { words: words.value.trim() } : {}),
    },
    words: form.dataset.words,
    title: deed,
    seenBy: form.dataset.seenBy,
  };
}
