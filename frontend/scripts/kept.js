// What this browser keeps for when there is no line: one page of one's own tasks, under the person's id, and the files
// that it is shown with. Pages, the service worker and the page that is kept all use it.
export const TASKS = "/my-tasks/";
const KEPT = "/my-tasks/kept/";
const SHELL = "bulkhead-shell";
const OF_PERSON = "bulkhead-tasks-";
const able = "caches" in globalThis;

/**
 * Fetch the page anew and keep it in place of the one before, while `still()` says so. "cut-off": the organisation is.
 * Does nothing where a browser keeps nothing.
 */
export async function keep(person, still) {
  if (!able || !person) return "";
  const answer = await fetch(KEPT, { signal: AbortSignal.timeout(15_000) });
  if (answer.redirected || answer.status === 401 || answer.status === 403) {
    await forgetPages();
    return answer.status === 403 ? "cut-off" : "";
  }
  if (!answer.ok) return "";
  const html = await answer.clone().text();
  if (!html.includes(`name="person" content="${person}"`)) return ""; // somebody else has signed in meanwhile
  const files = [...new Set(html.match(/\/static\/[^"'<> ]+/g) ?? [])];
  const shell = await caches.open(SHELL);
  for (const file of files) if (!(await shell.match(file))) await shell.add(file);
  if (!still()) return "";
  await (await caches.open(OF_PERSON + person)).put(KEPT, answer);
  await forgetPages(person);
  if (!still()) await forgetPages(); // it ended while this was written
  for (const request of await shell.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!files.includes(pathname + search)) await shell.delete(request);
  }
  return "";
}

/** The page that is kept, if any. */
export async function kept() {
  for (const name of await caches.keys()) {
    const found = name.startsWith(OF_PERSON) && (await (await caches.open(name)).match(KEPT));
    if (found) return found;
  }
  return undefined;
}

export async function fromShell(request) {
  return (await caches.open(SHELL)).match(request);
}

/** Nobody's page stays here, or nobody's but this person's. */
export async function forgetPages(except = "") {
  if (!able) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(OF_PERSON) && name !== OF_PERSON + except) await caches.delete(name);
  }
}
