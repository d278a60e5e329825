// Pages of the door and of one's own account: the passkey's buttons, and copying recovery codes.
import { say, startPasskeys } from "../passkey.js";

startPasskeys();

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
    document.querySelector("[data-copied]").textContent = say("copied");
  });
}
