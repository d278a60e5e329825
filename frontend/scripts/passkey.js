// Passkeys (WebAuthn level 2). The one thing at the door that a page cannot do without a script.
//
// <form data-passkey="get|create" data-options="…" data-finish="…" data-next="…"> has a [data-passkey-button], which
// stays hidden without this script, a [data-passkey-status] and a [data-passkey-problem]. Two requests in JSON, binary
// values as base64url: the options with a challenge, then the device's answer. The server says where to go next.

const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export function say(key) {
  return document.getElementById("passkey-texts")?.content.querySelector(`[data-text="${key}"]`)?.textContent.trim() ?? key;
}

/** What the reader is told; `key` names a text of the page, `words` come from the server. */
class Trouble extends Error {
  constructor(key, words = "") {
    super(words || say(key));
  }
}

async function send(form, address, body) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  let response;
  try {
    response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw new Trouble("not-sent");
  }
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) throw new Trouble("too-old");
  const said = await response.json();
  if (said.again) location.assign(said.again);
  if (!response.ok) throw new Trouble("not-sent", said.words);
  return said;
}

const descriptor = (each) => ({ ...each, id: bytesOf(each.id) });

function readable(options) {
  const read = { ...options, challenge: bytesOf(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytesOf(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = options.allowCredentials.map(descriptor);
  if (options.excludeCredentials) read.excludeCredentials = options.excludeCredentials.map(descriptor);
  return read;
}

function written(credential) {
  const { response } = credential;
  const told = { clientDataJSON: textOf(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) told[part] = textOf(response[part]);
  }
  return { id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response: told };
}

/** The browser does not say whether somebody stopped or nothing was there: that is meant, and so we say both. */
function troubleOf(error, kind) {
  if (error instanceof Trouble) return error;
  if (error.name === "InvalidStateError") return new Trouble("have-one");
  if (error.name === "SecurityError") return new Trouble("wrong-address");
  return new Trouble(kind === "create" ? "not-made" : "not-used");
}

async function ask(form, kind, status) {
  const { publicKey } = await send(form, form.dataset.options, {});
  status.textContent = say("waiting");
  const passkey = await navigator.credentials[kind]({ publicKey: readable(publicKey) });
  status.textContent = say("checking");
  return send(form, form.dataset.finish, { passkey: written(passkey), next: form.dataset.next ?? "" });
}

function start(form) {
  const [button, status, problem] = ["button", "status", "problem"].map((part) => form.querySelector(`[data-passkey-${part}]`));
  const complain = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };
  if (!window.PublicKeyCredential) {
    complain(say("no-webauthn"));
    return;
  }
  button.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    complain("");
    try {
      location.assign((await ask(form, form.dataset.passkey, status)).next);
    } catch (error) {
      complain(troubleOf(error, form.dataset.passkey).message);
      status.textContent = "";
      button.removeAttribute("aria-disabled");
    }
  });
}

export function startPasskeys() {
  for (const form of document.querySelectorAll("form[data-passkey]")) start(form);
}
