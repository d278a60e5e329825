// What the server wrote into the page for the scripts: meta tags and translated texts.

export const root = document.documentElement;

export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? "";
}

const texts = new Map();

/** A translated text from the page's `<template id="texts">`, with %(name)s filled in. */
export function text(key, values = {}) {
  if (!texts.size) {
    const holder = document.getElementById("texts");
    for (const item of holder?.content.querySelectorAll("[data-text]") ?? []) {
      texts.set(item.dataset.text, item.textContent.trim());
    }
  }
  return (texts.get(key) ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

const zone = meta("time-zone") || undefined;
const language = root.lang || "en-GB";

function clockOf(options) {
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: zone, hourCycle: "h23" });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...options, hourCycle: "h23" });
  }
}

const minutes = clockOf({ hour: "2-digit", minute: "2-digit" });
const seconds = clockOf({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const hhmm = (milliseconds) => minutes.format(milliseconds);
export const hhmmss = (milliseconds) => seconds.format(milliseconds);

// The page carries the server's time; a device whose clock is wrong still shows right ages.
const skew = meta("server-now") ? Date.parse(meta("server-now")) - Date.now() : 0;
export const now = () => Date.now() + (Math.abs(skew) > 2_000 ? skew : 0);

export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
