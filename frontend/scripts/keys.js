// Single keys: "?" lists them. They are read off the page ([data-key-press] on links and buttons), so the list and the
// page cannot disagree, and can be switched off (WCAG 2.1.4).
import { togglePaused } from "./clock.js";

const STORE = "bulkhead-keys-off";

function off(value) {
  try {
    if (value !== undefined) localStorage.setItem(STORE, value ? "1" : "0");
    return localStorage.getItem(STORE) === "1";
  } catch {
    return false;
  }
}

const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

export function startKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const choice = dialog.querySelector("[data-keys-off]");
  choice.checked = off();
  choice.addEventListener("change", () => off(choice.checked));
  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (dialog.open || off()) return;
    if (event.key === "?") {
      event.preventDefault();
      dialog.showModal();
    } else if (event.key === "p") {
      togglePaused();
    } else if (/^[a-z]$/.test(event.key)) {
      const target = [...document.querySelectorAll(`[data-key-press="${event.key}"]`)].find((item) => item.checkVisibility());
      if (!target) return;
      event.preventDefault();
      target.click();
    }
  });
}
