// A text field that offers what the server finds, by the combobox pattern of WAI-ARIA's authoring practices (list
// autocomplete with manual selection): focus stays in the field, arrows move, Enter takes, Escape closes, then empties.

const WAIT = 150;

/** `take(option)` gets what was chosen. The element holds an input with role=combobox, a list and a status line. */
export function combobox(element, take) {
  const input = element.querySelector("[role=combobox]");
  const list = element.querySelector("[role=listbox]");
  const status = element.querySelector("[role=status]");
  let options = [];
  let at = -1;
  let timer = 0;
  let asked = 0;

  function show(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) move(-1);
  }

  function move(to) {
    at = to;
    for (const [nth, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(nth === at));
      if (nth === at) item.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[at].id);
  }

  function fill(found) {
    options = found;
    list.replaceChildren(
      ...found.map((option, nth) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${nth}`;
        item.setAttribute("role", "option");
        item.dataset.nth = nth;
        const name = document.createElement("strong");
        name.textContent = option.label;
        item.append(name, ` · ${option.hint}`);
        return item;
      }),
    );
    move(-1);
    show(found.length > 0);
    status.textContent = found.length
      ? element.dataset.found.replace("%(n)s", found.length)
      : input.value.trim() && element.dataset.none;
  }

  async function ask() {
    const mine = ++asked;
    const typed = input.value.trim();
    if (!typed) return fill([]);
    try {
      const answer = await fetch(`${element.dataset.url}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { results } = await answer.json();
      if (mine === asked) fill(results);
    } catch {
      if (mine === asked) {
        fill([]);
        status.textContent = element.dataset.away;
      }
    }
  }

  function choose(nth) {
    const option = options[nth];
    asked += 1;
    input.value = "";
    fill([]);
    take(option);
    status.textContent = element.dataset.taken.replace("%(name)s", option.label);
    input.focus();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    const last = options.length - 1;
    if (event.key === "Enter") {
      event.preventDefault(); // never sends the form
      if (!list.hidden && options.length) choose(Math.max(at, 0));
    } else if (event.key === "Escape") {
      if (list.hidden) input.value = "";
      show(false);
    } else if (event.key === "ArrowDown" && last >= 0) {
      event.preventDefault();
      show(true);
      move(at === last ? 0 : at + 1);
    } else if (event.key === "ArrowUp" && last >= 0) {
      event.preventDefault();
      show(true);
      move(at <= 0 ? last : at - 1);
    }
  });
  input.addEventListener("blur", () => show(false));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // focus stays in the field
    const item = event.target.closest("[role=option]");
    if (item) choose(Number(item.dataset.nth));
  });
  element.hidden = false;
}
