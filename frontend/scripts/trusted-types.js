// Creates the page's only Trusted Types policy. Loaded before every other script.
//
// HTML passes: what we insert was rendered and escaped by our own server, and the CSP forbids any inline script.
// Script addresses pass only for our own files; strings never become code.
if (window.trustedTypes && window.trustedTypes.createPolicy) {
  const base = new URL(".", document.currentScript.src);
  window.trustedTypes.createPolicy("default", {
    createHTML: (html) => html,
    createScriptURL(address) {
      const url = new URL(address, document.baseURI);
      const ours = url.origin === location.origin && url.href.startsWith(base.href) && url.pathname.endsWith(".js");
      const worker = url.origin === location.origin && url.pathname === "/sw.js";
      if (ours || worker) return url.href;
      throw new TypeError(`script address refused: ${url.origin}${url.pathname}`);
    },
  });
}
