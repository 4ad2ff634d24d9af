/* Tandem's script for your own web sites: it remembers how a visitor came, and brings forms to Tandem.

   Until the visitor agrees, nothing is stored and nothing that was stored is read. No cookie is set, ever; what is kept stands
   in this site's own local storage. docs/capture.md says how to put it into a page. */
(() => {
  "use strict";
  const me = document.currentScript;
  if (!me || !me.dataset.site) return;

  const DOOR = new URL(`${encodeURIComponent(me.dataset.site)}/`, me.src).href;
  const STORE = "tandem_arrivals";
  const KEPT_DAYS = 90;
  const WORDS = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
  const PAUSES = [1000, 3000, 9000]; // before a post is tried again
  const TRAP = "tandem_trap"; // no human sees this field

  const here = arrival();
  // A browser that tells every site "do not share" has not agreed, whatever the page says.
  let agreed = me.dataset.consent === "yes" && !navigator.globalPrivacyControl;

  /* How this page was reached; null from a page of the same site, or without anything to tell. */
  function arrival() {
    const found = {};
    const asked = new URLSearchParams(location.search);
    for (const word of WORDS) {
      const value = (asked.get(word) || "").trim().slice(0, 150);
      if (value) found[word] = value;
    }
    let from = "";
    try {
      from = new URL(document.referrer).hostname;
    } catch {
      /* no page before */
    }
    if (from && from !== location.hostname) found.referrer = from;
    return Object.keys(found).length ? { ...found, page: location.pathname, at: Date.now() } : null;
  }

  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(STORE)) || {};
      const young = (one) => one && Date.now() - one.at < KEPT_DAYS * 86400000;
      return { first: young(found.first) ? found.first : null, last: young(found.last) ? found.last : null };
    } catch {
      return { first: null, last: null }; // storage is closed, or holds something else
    }
  }

  function remember() {
    if (!here) return;
    const { first } = kept();
    try {
      localStorage.setItem(STORE, JSON.stringify({ first: first || here, last: here }));
    } catch {
      /* full or closed: the form still goes out, with this page's link alone */
    }
  }

  function forget() {
    try {
      localStorage.removeItem(STORE);
    } catch {
      /* closed: there is nothing */
    }
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* What the visitor typed. Passwords, files and hidden fields stay here, but for those that say data-tandem-send. */
  function fields(form) {
    const found = {};
    for (const box of form.elements) {
      const skip = ["password", "file", "submit", "button", "reset", "image"].includes(box.type);
      const unseen = box.type === "hidden" && !("tandemSend" in box.dataset);
      const unticked = ["checkbox", "radio"].includes(box.type) && !box.checked;
      if (!box.name || box.name === TRAP || skip || unseen || unticked || box.disabled) continue;
      if (typeof box.value === "string" && box.value.trim()) found[box.name] = box.value.trim().slice(0, 5000);
    }
    return found;
  }

  function setTrap(form) {
    if (form.elements[TRAP]) return;
    const box = document.createElement("input");
    Object.assign(box, { name: TRAP, tabIndex: -1, autocomplete: "off" });
    box.setAttribute("aria-hidden", "true");
    Object.assign(box.style, { position: "absolute", left: "-9999px", width: "1px", height: "1px" });
    form.append(box);
  }

  const wait = (time) => new Promise((done) => setTimeout(done, time));

  /* Post it; the same id is tried again while the way is blocked, and counts once however often it arrives. */
  async function post(form) {
    form.dataset.tandemId = form.dataset.tandemId || newId();
    const memory = agreed ? kept() : { first: null, last: here };
    const body = {
      id: form.dataset.tandemId,
      submitted: Date.now(),
      consent: agreed,
      page: location.pathname,
      first: memory.first,
      last: memory.last,
      fields: fields(form),
      trap: form.elements[TRAP] ? form.elements[TRAP].value : "",
    };
    for (let tries = 0; ; tries += 1) {
      let answer = null;
      try {
        answer = await fetch(DOOR, {
          method: "POST",
          mode: "cors",
          credentials: "omit",
          keepalive: true,
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ ...body, now: Date.now() }),
        });
      } catch {
        /* the network is away */
      }
      const again = !answer || answer.status === 429 || answer.status >= 500;
      if (!again) return answer;
      if (tries >= PAUSES.length) return null;
      await wait(PAUSES[tries]);
    }
  }

  function say(form, part, text) {
    for (const name of ["done", "failed"]) {
      const box = form.querySelector(`[data-tandem-${name}]`);
      if (!box) continue;
      box.hidden = name !== part;
      if (name === part && text) box.textContent = text;
    }
  }

  async function bring(form) {
    const buttons = [...form.querySelectorAll("button, input[type=submit]")].filter((one) => !one.disabled);
    buttons.forEach((one) => (one.disabled = true));
    say(form, "");
    const answer = await post(form);
    buttons.forEach((one) => (one.disabled = false));
    if (answer && answer.ok) {
      delete form.dataset.tandemId;
      form.reset();
      say(form, "done");
      form.dispatchEvent(new CustomEvent("tandem:sent", { bubbles: true }));
      if (form.dataset.tandemNext) location.assign(form.dataset.tandemNext);
      return;
    }
    const told = answer && answer.status === 422 ? (await answer.json().catch(() => ({}))).error : "";
    say(form, "failed", told);
    form.dispatchEvent(new CustomEvent("tandem:failed", { bubbles: true, detail: told || "" }));
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.matches("form[data-tandem]")) return;
      if (form.dataset.tandem === "copy") {
        post(form); // your own server gets the form as before; Tandem gets a copy
        return;
      }
      event.preventDefault();
      bring(form);
    },
    true,
  );

  const setTraps = () => document.querySelectorAll("form[data-tandem]").forEach(setTrap);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setTraps);
  else setTraps();

  if (agreed) remember();
  else if (me.dataset.consent === "no") forget();

  /* For the banner that asks: tandemCapture.consent(true) or (false). */
  window.tandemCapture = {
    consent(yes) {
      agreed = yes === true && !navigator.globalPrivacyControl;
      if (agreed) remember();
      else forget();
    },
  };
})();
