// The name of a service that has to be typed before a step is done. Case, accents and spaces do not count;
// the portal has the last word (`sec.plain_words`).
import { said } from "./unsent.js";

const plain = (words) =>
  words
    .replace(/[\u2018-\u201b]/g, "'")
    .replace(/[\u2010-\u2015]/g, "-")
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();

/** Whether what stands in the field is none of its names; then it has said so. `data-names`: a JSON list. */
export function typedWrong(field) {
  const names = JSON.parse(field.dataset.names);
  if (names.some((name) => plain(name) === plain(field.value))) return false;
  field.setCustomValidity(said("typed", { names: names.join(", ") }));
  field.reportValidity();
  return true;
}
