// Opening an incident: the third step previews by itself what the form as it stands would do.
// Without this script the button "Show who is reached" does the same.

import { combobox } from "../combobox.js";

const form = document.querySelector("form[data-open-incident]");
let timer = 0;

function preview() {
  clearTimeout(timer);
  timer = setTimeout(() => window.htmx.trigger(form.querySelector("[data-preview]"), "preview"), 400);
}

if (form) {
  form.addEventListener("change", preview);
  form.addEventListener("input", (event) => event.target.matches("[data-previews]") && preview());
  const finder = form.querySelector("[data-combobox]");
  if (finder) combobox(finder, take);
}

/** What was found is ticked or written where it is without this script: the form stays the one truth. */
function take({ kind, value }) {
  if (kind === "accounts") {
    const accounts = form.elements.accounts;
    const lines = accounts.value.split("\n").filter((line) => line.trim());
    if (!lines.includes(value)) accounts.value = [...lines, value].join("\n");
  } else {
    const box = form.querySelector(`input[name="${kind}"][value="${CSS.escape(value)}"]`);
    if (box) box.checked = true;
  }
  preview();
}
