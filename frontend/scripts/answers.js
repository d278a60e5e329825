// Answers that could not be sent: kept in order under the person's id, sent once each when there is a line.
//
// An answer is {key, task, act, body, words, title, seenBy, at, state, sentAt?, why?}: `key` is its Idempotency-Key, so
// that the portal takes it once however often it is sent; `state` is "kept", "sent" or "refused".
import { forgetPages } from "./kept.js";

const NAME = "bulkhead-answers-";
const TOKEN = "/my-tasks/token/";
const STORE = "answers";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function opened(person) {
  const request = indexedDB.open(NAME + person, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "number", autoIncrement: true });
  return done(request);
}

async function within(person, mode, work) {
  const database = await opened(person);
  try {
    return await done(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

export const answersOf = (person) => within(person, "readonly", (store) => store.getAll());
export const drop = (person, number) => within(person, "readwrite", (store) => store.delete(number));
const put = (person, answer) => within(person, "readwrite", (store) => store.put(answer));

/** Keep one more answer, and ask the browser to wake the service worker when there is a line. */
export async function keepAnswer(person, answer) {
  await put(person, { ...answer, key: crypto.randomUUID(), at: Date.now(), state: "kept" });
  try {
    await (await navigator.serviceWorker.ready).sync.register(NAME);
  } catch {
    // Not every browser can: then it is sent when a page is open and the line is back.
  }
}

/** People who have answers here. */
export async function people() {
  const found = indexedDB.databases ? await indexedDB.databases() : [];
  return found.filter(({ name }) => name.startsWith(NAME)).map(({ name }) => name.slice(NAME.length));
}

export async function forgetAnswers() {
  for (const person of await people()) indexedDB.deleteDatabase(NAME + person);
}

/** Send what this person has kept. "sent": nothing waits any more; "later": it still does. */
export async function send(person) {
  if (!(await answersOf(person)).some(({ state }) => state === "kept")) return "sent";
  // One at a time, whichever tab or worker begins.
  return navigator.locks.request(NAME + person, async () => {
    try {
      return await sendAll(person);
    } catch {
      return "later"; // no line
    }
  });
}

async function sendAll(person) {
  const answer = await fetch(TOKEN, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
  if (answer.redirected || answer.status === 401) {
    await forgetPages();
    return "later";
  }
  const session = answer.ok ? await answer.json() : {};
  if (session.person !== person) return "later"; // signed in as somebody else: not theirs to send
  for (const each of await answersOf(person)) {
    if (each.state !== "kept") continue;
    const told = await fetch(`/api/v1/tasks/${each.task}/${each.act}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": session.csrf, "Idempotency-Key": each.key },
      body: JSON.stringify(each.body),
      signal: AbortSignal.timeout(15_000),
    });
    if (told.status === 401 || told.status === 429 || told.status >= 500 || told.headers.has("Retry-After")) return "later";
    const said = await told.json().catch(() => ({}));
    if (told.ok) await put(person, { ...each, state: "sent", sentAt: Date.now() });
    else await put(person, { ...each, state: "refused", why: whyOf(said) });
  }
  return "sent";
}

function whyOf({ detail = "", title = "", errors = [] }) {
  return [detail || title, ...errors.map((each) => each.detail)].filter(Boolean).join(" ");
}
