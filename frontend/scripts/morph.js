// Brings a piece of the page up to date in place, so that focus, open details and half-typed forms survive.
//
// Elements are matched by id or data-key, otherwise by position. Children of [data-rows] keep their present order; see
// refresh.js. [data-own] belongs to the scripts and is left alone; [data-js-made] was put in by one, and stays where it is.

const KEEP = new Set(["INPUT", "TEXTAREA", "SELECT"]);

const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id || "" : "");

const made = (node) => node?.nodeType === 1 && node.hasAttribute("data-js-made");

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function isDirty(form) {
  if (form.contains(document.activeElement) && KEEP.has(document.activeElement.nodeName)) return true;
  return [...form.elements].some((field) => {
    if (field.type === "hidden") return false;
    if ("checked" in field && (field.type === "checkbox" || field.type === "radio")) return field.checked !== field.defaultChecked;
    return "defaultValue" in field && field.nodeName !== "BUTTON" && field.value !== field.defaultValue;
  });
}

function syncAttributes(current, fresh) {
  for (const { name } of [...current.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open" && !name.startsWith("data-js-")) current.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (name === "open" && current.nodeName === "DETAILS") continue;
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
}

/** Make `current` look like `fresh`; tells `changed(element)` of every element whose text or class changed. */
export function morph(current, fresh, changed = () => {}) {
  if (current.isEqualNode(fresh)) return;
  if (!alike(current, fresh)) {
    const node = document.importNode(fresh, true);
    current.replaceWith(node);
    if (node.nodeType === 1) changed(node);
    return;
  }
  if (current.nodeType !== 1) {
    if (current.data !== fresh.data) {
      current.data = fresh.data;
      if (current.parentElement) changed(current.parentElement);
    }
    return;
  }
  if (current.hasAttribute("data-own")) return;
  if (current.nodeName === "FORM" && (isDirty(current) || current.dataset.jsSending)) return;
  if (current.className !== fresh.className && !current.hasAttribute("data-js-class")) changed(current);
  syncAttributes(current, fresh);
  if (KEEP.has(current.nodeName) && current.nodeName !== "SELECT") return;
  morphChildren(current, fresh, changed);
}

function morphChildren(current, fresh, changed) {
  const keepOrder = current.hasAttribute("data-rows");
  const keyed = new Map([...current.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let place = current.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    while (made(place)) place = place.nextSibling;
    const key = keyOf(wanted);
    if (key && keyed.has(key)) {
      const known = keyed.get(key);
      keyed.delete(key);
      if (!keepOrder && known !== place) current.insertBefore(known, place);
      const after = keepOrder ? place : known.nextSibling;
      morph(known, wanted, changed);
      place = after;
      continue;
    }
    if (keepOrder && !key) continue; // white space between rows
    if (!key && place && !keyOf(place) && alike(place, wanted)) {
      const after = place.nextSibling;
      morph(place, wanted, changed);
      place = after;
      continue;
    }
    const node = document.importNode(wanted, true);
    if (keepOrder) current.append(node);
    else current.insertBefore(node, place);
    if (node.nodeType === 1) changed(node);
  }
  if (keepOrder) {
    for (const gone of keyed.values()) gone.remove();
    return;
  }
  while (place) {
    const after = place.nextSibling;
    if (!(made(place) || (place.nodeType === 1 && place.hasAttribute("data-own")))) place.remove();
    place = after;
  }
}
