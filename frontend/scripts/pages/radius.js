// How far: choosing an organisation leaves only its paths, in table and picture alike.

function choose(slug) {
  for (const item of document.querySelectorAll("[data-of]")) {
    item.classList.toggle("is-left-out", Boolean(slug) && !item.dataset.of.split(" ").includes(slug));
  }
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.setAttribute("aria-pressed", String(button.dataset.choose === slug));
  }
}

let chosen = "";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-choose]");
  if (!button) return;
  chosen = chosen === button.dataset.choose ? "" : button.dataset.choose;
  choose(chosen);
});
