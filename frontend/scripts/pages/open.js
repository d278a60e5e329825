// Opening an incident: the third step previews by itself what the form as it stands would do.
// Without this script the button "Show who is reached" does the same.

const form = document.querySelector("form[data-open-incident]");
let timer = 0;

function preview() {
  clearTimeout(timer);
  timer = setTimeout(() => window.htmx.trigger(form.querySelector("[data-preview]"), "preview"), 400);
}

if (form) {
  form.addEventListener("change", preview);
  form.addEventListener("input", (event) => event.target.matches("[data-previews]") && preview());
}
