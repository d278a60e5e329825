// What every page runs.
import { Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, SkipLink, createAll } from "govuk-frontend";
import htmx from "htmx.org";
import { startActions } from "./actions.js";
import { startClock } from "./clock.js";
import { startEnded } from "./ended.js";
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
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
