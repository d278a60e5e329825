// Buttons that change something. Each is a real form, so it works without this script:
//
// <form method="post" action="…" data-action hx-post="…" hx-target="#…" hx-swap="outerHTML">
//
// While the request runs the button cannot be pressed again. What the reader sees afterwards comes from the server's
// answer ("sent 08:41:07, Northgate can see it"); without an answer [data-problem] says that nothing was lost.
import { hhmmss, now, text } from "./page.js";

const formOf = (event) => event.detail.elt?.closest?.("form[data-action]");

function sending(form, on) {
  if (on) form.dataset.jsSending = "1";
  else delete form.dataset.jsSending;
  for (const button of form.querySelectorAll("button")) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

function problemOf(form) {
  const scope = form.closest("[data-action-scope]") ?? form.parentElement;
  let place = scope.querySelector(":scope > [data-problem]");
  if (!place) {
    place = document.createElement("p");
    place.className = "problem";
    place.dataset.problem = "";
    place.dataset.own = "";
    place.setAttribute("role", "alert");
    scope.append(place);
  }
  return place;
}

function complain(form, key) {
  sending(form, false);
  if (key === "not-sent" && !form.dispatchEvent(new CustomEvent("bulkhead:not-sent", { bubbles: true, cancelable: true }))) return;
  problemOf(form).textContent = text(key, { time: hhmmss(now()) });
}

export function startActions() {
  const listen = (name, handler) => document.addEventListener(name, handler);

  listen("htmx:confirm", (event) => {
    const form = formOf(event);
    if (form?.dataset.jsSending) event.preventDefault(); // a second press while the first is on its way
  });
  listen("htmx:beforeRequest", (event) => {
    const form = formOf(event);
    if (form) sending(form, true);
  });
  listen("htmx:afterRequest", (event) => {
    const form = formOf(event);
    if (!form) return;
    if (event.detail.successful) {
      sending(form, false);
      const scope = form.closest("[data-action-scope]") ?? form.parentElement;
      scope?.querySelector(":scope > [data-problem]")?.remove();
    }
  });
  listen("htmx:sendError", (event) => formOf(event) && complain(formOf(event), "not-sent"));
  listen("htmx:timeout", (event) => formOf(event) && complain(formOf(event), "not-sent"));
  listen("htmx:responseError", (event) => {
    const form = formOf(event);
    if (!form) return;
    const status = event.detail.xhr.status;
    complain(form, status === 409 ? "changed-meanwhile" : status === 401 || status === 403 ? "not-allowed" : "not-sent");
    if (status === 409) document.dispatchEvent(new CustomEvent("bulkhead:resync"));
  });
  // The pressed button is gone after the swap: go on from what the server said about it.
  listen("htmx:afterSwap", (event) => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const said = document.querySelector('[data-key="receipt"]');
    if (!said || !event.detail.requestConfig || event.detail.requestConfig.verb !== "post") return;
    said.tabIndex = -1;
    said.focus({ preventScroll: true });
  });
  // A form that asks for a reason answers 422 with itself and its errors: show them.
  listen("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  // Without htmx (a plain post) a second press is held back as well.
  listen("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || form.method !== "post") return;
    if (form.dataset.jsSending) event.preventDefault();
    else sending(form, true);
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-js-sending]")) sending(form, false);
  });
}
