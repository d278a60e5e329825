// What every page runs.
import { Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, SkipLink, createAll } from "govuk-frontend";
import htmx from "htmx.org";
import { startActions } from "./actions.js";
import { startClock } from "./clock.js";
import { startEnded } from "./ended.js";
import { forgetAnswers, forgetOld } from "./answers.js";
import { forgetPages } from "./kept.js";
import { meta, text } from "./page.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startRefresh } from "./refresh.js";

window.htmx = htmx;
document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, SkipLink]) createAll(component);

startActions();
startClock();
startEnded();
startKeys();
startRefresh();
startLive();

// What this browser keeps for a bad line is one person's: another's goes as soon as somebody else is signed in, all of
// it when the organisation is cut off, and the page of tasks when a session ends.
if (meta("person")) {
  forgetPages(meta("person")).catch(() => {});
  forgetOld(meta("person")).catch(() => {});
}
document.addEventListener("bulkhead:ended", ({ detail }) => {
  forgetPages().catch(() => {});
  if (detail.code === 4403) forgetAnswers().catch(() => {});
});

const menu = document.querySelector("[data-menu]");
if (menu) {
  // The menu is a <details>: open on wide screens, folded on a phone, and folded again on Escape.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
// A button that copies the text of the element that it names, and says so.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = button.parentElement.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
      said.textContent = text("copied");
    } catch {
      said.textContent = text("not-copied");
    }
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
