// Switching notices on in this browser. Only a press of the button asks the browser for anything.
//
// <form data-push="public key in base64url"> has a [data-push-button], hidden without this script, hidden fields
// endpoint, p256dh and auth, and sentences [data-push-status="asking|denied|failed|unable"].
const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));

async function subscribed(key) {
  const registration = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  try {
    return await registration.pushManager.subscribe(wanted);
  } catch (error) {
    // It was subscribed with an older key of the portal's, which no longer sends anything.
    const old = error.name === "InvalidStateError" && (await registration.pushManager.getSubscription());
    if (!old) throw error;
    await old.unsubscribe();
    return registration.pushManager.subscribe(wanted);
  }
}

function start(form) {
  const button = form.querySelector("[data-push-button]");
  const say = (what) => {
    for (const each of form.querySelectorAll("[data-push-status]")) each.hidden = each.dataset.pushStatus !== what;
  };
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    say("unable");
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    say("asking");
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        say("denied");
        return;
      }
      const { endpoint, keys } = (await subscribed(form.dataset.push)).toJSON();
      for (const [name, value] of Object.entries({ endpoint, ...keys })) {
        if (form.elements[name]) form.elements[name].value = value;
      }
      form.submit();
    } catch {
      say("failed");
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}

for (const form of document.querySelectorAll("form[data-push]")) start(form);
