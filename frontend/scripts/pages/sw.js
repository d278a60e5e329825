// The service worker: shows a notice when one is pushed, and opens My tasks when it is tapped; shows the copy of My tasks
// that this browser keeps when the portal does not answer, and sends what was answered meanwhile. It keeps nothing by
// itself, answers no other request and follows no address from outside: where it leads is written here.
import { forgetAnswers, people, send } from "../answers.js";
import { TASKS, forgetPages, fromShell, kept } from "../kept.js";

const PATIENCE = 6_000;

const nothing = () => undefined; // storage that fails must not keep a page from coming

async function tasks(request) {
  const copy = await kept().catch(nothing);
  const patience = new AbortController();
  const timer = copy && setTimeout(() => patience.abort(), PATIENCE);
  try {
    const answer = await fetch(request, { signal: patience.signal });
    clearTimeout(timer); // what has begun to arrive is not cut short
    // The only other place that My tasks sends a browser to is signing in.
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) await forgetPages().catch(nothing);
    if (answer.status === 403) await forgetAnswers().catch(nothing); // cut off
    return answer.status >= 502 && copy ? copy : answer;
  } catch (error) {
    if (copy) return copy;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === TASKS) event.respondWith(tasks(request));
  else if (url.pathname.startsWith("/static/")) {
    event.respondWith(fromShell(request).catch(nothing).then((found) => found ?? fetch(request)));
  }
});

self.addEventListener("sync", (event) => {
  event.waitUntil(
    (async () => {
      const how = [];
      for (const person of await people()) how.push(await send(person));
      if (how.some((each) => each === "no-line" || each === "busy")) throw new Error("later"); // the browser tries again
    })(),
  );
});
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json();
  } catch {
    // Something else than a notice of ours: the browser wants one shown all the same.
  }
  const { title = "Bulkhead", body = "", tag = "bulkhead" } = said ?? {};
  event.waitUntil(self.registration.showNotification(String(title), { body: String(body), tag: String(tag), renotify: true }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const open = await self.clients.matchAll({ type: "window" });
      const there = open.find((each) => new URL(each.url).pathname === TASKS);
      return there ? there.focus() : self.clients.openWindow(TASKS);
    })(),
  );
});
