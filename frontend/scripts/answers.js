// Answers that could not be sent: kept in order under the person's id, sent once each when there is a line.
//
// An answer is {key, task, tag, act, body, words, title, seenBy, at, state, sentAt?, why?}: `key` is its Idempotency-Key,
// so that the portal takes it once however often it is sent; `tag` the task as it was seen, so that it overrides nothing
// that a colleague did meanwhile; `state` is "kept", "sent" or "refused". What was done without being asked has `incident`,
// a reference, in place of task, tag and act. `alike`: it was not taken because it reads like an open task.
import { forgetPages } from "./kept.js";

const NAME = "bulkhead-answers-";
const TOKEN = "/my-tasks/token/";
const STORE = "answers";
const A_DAY = 24 * 3600 * 1000;

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

/** Answers of other people that are a day old go: they are nobody's any more who uses this browser. */
export async function forgetOld(except) {
  for (const person of await people()) {
    if (person === except) continue;
    const fresh = (await answersOf(person)).some(({ at }) => Date.now() - at < A_DAY);
    if (!fresh) indexedDB.deleteDatabase(NAME + person);
  }
}

/**
 * Send what this person has kept. "sent": nothing waits any more. Else it still does, because there is "no-line", the
 * portal is "busy", the session is "signed-out" or is that of "another", or the organisation is "cut-off".
 */
export async function send(person) {
  if (!(await answersOf(person)).some(({ state }) => state === "kept")) return "sent";
  // One at a time, whichever tab or worker begins.
  return navigator.locks.request(NAME + person, async () => {
    try {
      return await sendAll(person);
    } catch {
      return "no-line";
    }
  });
}

/** A token to send with, or why there is none. */
async function session(person) {
  const answer = await fetch(TOKEN, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
  if (answer.redirected || answer.status === 401) {
    await forgetPages();
    return "signed-out";
  }
  if (answer.status === 403) {
    await forgetPages();
    await forgetAnswers();
    return "cut-off";
  }
  if (!answer.ok) return "busy";
  const found = await answer.json();
  return found.person === person ? { ...found, date: answer.headers.get("Date") } : "another";
}

/** Not later than by the portal's clock: a phone's may be ahead. Kept as it is sent, so that the same is sent again. */
async function notAhead(person, each, date) {
  const at = each.body.done_at;
  if (!at || !date || Date.parse(at) <= Date.parse(date)) return each;
  const timed = { ...each, body: { ...each.body, done_at: new Date(date).toISOString() } };
  await put(person, timed);
  return timed;
}

const addressOf = ({ incident, task, act }) =>
  incident ? `/api/v1/incidents/${encodeURIComponent(incident)}/own-actions/` : `/api/v1/tasks/${task}/${act}/`;

const WANTED = { acknowledge: "acknowledged", start: "in_progress", complete: "done", block: "blocked" };
const wantedBy = ({ act, body }) => WANTED[act] ?? body.as ?? "declined";

function post(each, csrf, tag) {
  return fetch(addressOf(each), {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": csrf,
      "Idempotency-Key": each.key,
      ...(tag ? { "If-Match": tag } : {}),
    },
    body: JSON.stringify(each.body),
    signal: AbortSignal.timeout(15_000),
  });
}

/** Whether the task is already as the answer wants it: the tap had arrived, and only its answer was lost. */
async function alreadySo(each) {
  const found = await fetch(`/api/v1/tasks/${each.task}/`, { signal: AbortSignal.timeout(15_000) });
  return found.ok && (await found.json()).status === wantedBy(each);
}

async function sendAll(person) {
  let mine = await session(person);
  if (typeof mine === "string") return mine;
  const held = new Set(); // tasks of which an answer waits: those after it wait too
  const tags = new Map(); // as our own answers left a task, so that the next one fits
  for (const one of await answersOf(person)) {
    if (one.state !== "kept" || (one.task && held.has(one.task))) continue;
    const each = await notAhead(person, one, mine.date);
    let told = await post(each, mine.csrf, tags.get(each.task) ?? each.tag);
    if (told.status === 403) {
      mine = await session(person); // the token may be an old one
      if (typeof mine === "string") return mine;
      told = await post(each, mine.csrf, tags.get(each.task) ?? each.tag);
    }
    if (told.status === 401) return "signed-out";
    if (told.status === 429 || told.status >= 500 || told.headers.has("Retry-After")) {
      held.add(each.task ?? each.key);
      continue;
    }
    const said = await told.json().catch(() => ({}));
    if (told.ok && told.headers.has("ETag")) tags.set(each.task, told.headers.get("ETag"));
    const taken = told.ok || (told.status === 412 && (await alreadySo(each)));
    if (taken) await put(person, { ...each, state: "sent", sentAt: Date.now() });
    else await put(person, { ...each, state: "refused", why: whyOf(said), alike: isAlike(said) });
  }
  return held.size ? "busy" : "sent";
}

const isAlike = ({ errors = [] }) => errors.some(({ pointer }) => pointer === "/apart");

function whyOf({ detail = "", title = "", errors = [] }) {
  return [detail || title, ...errors.map((each) => each.detail)].filter(Boolean).join(" ");
}
