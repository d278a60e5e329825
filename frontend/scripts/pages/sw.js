// The service worker: shows a notice when one is pushed, and opens My tasks when it is tapped. It keeps nothing, answers
// no request and follows no address from outside: where it leads is written here.
const TASKS = "/my-tasks/";

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
