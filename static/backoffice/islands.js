/* What a page says while a part of it is fetched, while the server is not reached, and once the session has ended. Every
   request for a part only reads (previews and drafts change no books), so that it is simply made again; forms that write
   are sent by the browser itself. */
"use strict";
{
  const PATIENCE = 300, PAUSES = [1000, 2000, 4000, 5000]; // milliseconds
  const TURNED_AWAY = 401;
  const banner = document.getElementById("no-connection");
  const updating = document.getElementById("updating");
  const ended = document.getElementById("session-ended");
  const edge = banner.parentElement;
  const busy = new Map(); // the part of the page -> how many requests for it are under way
  const lost = new Map(); // who asked in vain -> how to ask again
  let tries = 0, timer = 0, patience = 0;

  // Beside an open dialog nothing can be read or pressed: what is said stands in it.
  const settle = () => {
    const place = document.querySelector("dialog:modal") || edge;
    if (banner.parentElement !== place) place.append(banner, updating, ended);
  };
  document.addEventListener("close", settle, true);
  const say = (place, words) => {
    if (place.textContent === words) return;
    settle();
    place.textContent = words;
  };
  const begin = (part) => {
    busy.set(part, (busy.get(part) || 0) + 1);
    part.setAttribute("aria-busy", "true");
    patience = patience || setTimeout(() => say(updating, updating.dataset.says), PATIENCE);
  };
  const end = (part) => {
    const left = (busy.get(part) || 1) - 1;
    if (left) { busy.set(part, left); return; }
    busy.delete(part);
    part.removeAttribute("aria-busy");
    if (!busy.size) { clearTimeout(patience); patience = 0; say(updating, ""); }
  };
  const askAgain = async () => {
    timer = 0;
    tries += 1;
    if (!ended.hidden && !(await isLetIn())) { later(); return; }
    for (const [who, again] of [...lost]) if (who.isConnected === false) lost.delete(who); else again();
    if (!lost.size) reached(null);
  };
  const later = () => { timer = timer || setTimeout(askAgain, PAUSES[Math.min(tries, PAUSES.length - 1)]); };
  const now = () => { clearTimeout(timer); askAgain(); };
  const unreached = (who, again) => {
    lost.set(who, again);
    say(banner, banner.dataset.says);
    later();
  };
  const reached = (who) => {
    lost.delete(who);
    if (lost.size || !ended.hidden) return;
    clearTimeout(timer);
    timer = tries = 0;
    say(banner, "");
  };

  // The session has ended. What was typed would not survive the way to the login, so that one opens in a new tab then.
  let isTyped = Boolean(ended.dataset.typed);
  document.addEventListener("input", ({ target }) => { isTyped = isTyped || Boolean(target.form && target.form.method === "post"); });
  const turnedAway = (who, again) => {
    lost.set(who, again);
    later();
    for (const way of ended.querySelectorAll("p:not([data-another])")) way.hidden = way.hasAttribute("data-stays") !== isTyped;
    if (!ended.hidden) return;
    settle();
    ended.hidden = false;
  };
  // A form that comes too late is kept by the server, with who typed it: it is not sent in another's name unsaid.
  document.addEventListener("formdata", ({ target, formData }) => {
    const keys = document.querySelector("meta[name=desk-keys]");
    if (keys && target.method === "post" && !formData.has("unsent-person")) formData.set("unsent-person", keys.dataset.person);
  });
  // Once the same person is in again, the forms of this page take on the token of the new session, and all goes on.
  const isLetIn = async () => {
    const answer = document.hidden ? null : await fetch(ended.dataset.asks, { redirect: "manual" }).catch(() => null);
    if (!answer || !answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [were, is] = [document, page].map((each) => each.querySelector("meta[name=desk-keys]").dataset);
    ended.querySelector("[data-another]").textContent = were.person === is.person ? "" : ended.dataset.another.replace("{name}", is.name);
    if (were.person !== is.person) return false;
    const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    ended.hidden = true;
    return true;
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !ended.hidden) now(); });

  const isAway = (status) => status === 502 || status === 503 || status === 504; // in front of us, somebody answers for us

  // What htmx fetches. What is asked for every second asks again by itself, and is no news while it does.
  const isPoll = (node) => (node.getAttribute("hx-trigger") || "").startsWith("every");
  document.addEventListener("htmx:beforeSend", ({ detail }) => { if (!isPoll(detail.elt)) begin(detail.target); });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isPoll(detail.elt)) end(detail.target);
    if (detail.xhr.status && detail.xhr.status < 500 && detail.xhr.status !== TURNED_AWAY) reached(detail.elt);
  });
  const asksAgain = (elt, { target, requestConfig }) => (isPoll(elt) ? () => {} : () => htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target }).catch(() => {}));
  const missed = (event) => {
    const { detail } = event;
    const { elt } = detail;
    const again = asksAgain(elt, detail);
    if (detail.xhr.status === TURNED_AWAY) turnedAway(elt, again);
    else if (detail.xhr.status && !isAway(detail.xhr.status)) say(banner, banner.dataset.broken);
    else if (event.type === "htmx:timeout") say(banner, banner.dataset.slow); // it is at work: asked again it would have more
    else unreached(elt, again);
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, missed);
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (status >= 500 || status === TURNED_AWAY) missed(event);
  });

  // A part is not replaced under a press, which would be lost: it is asked for again once that is over. What was chosen in
  // it, opened or focused stays so.
  let pressed = null, before = null;
  const postponed = new Map(); // who asked -> how to ask again
  const press = ({ target }) => { pressed = target.closest("a, button, summary, label, input"); };
  const release = () => {
    pressed = null;
    setTimeout(() => { for (const [who, again] of [...postponed]) { postponed.delete(who); again(); } });
  };
  const isSpace = (event) => event.key === " ";
  document.addEventListener("pointerdown", press, true);
  document.addEventListener("keydown", (event) => { if (isSpace(event)) press(event); }, true);
  for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, release);
  document.addEventListener("keyup", (event) => { if (isSpace(event)) release(); });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { target, requestConfig } = detail;
    before = null;
    if (!detail.shouldSwap) return;
    if (pressed && target.contains(pressed)) {
      detail.shouldSwap = false;
      postponed.set(requestConfig.elt, asksAgain(requestConfig.elt, detail));
      return;
    }
    const chosen = [...target.querySelectorAll("select[id]")].filter((each) => [...each.options].some((one) => one.selected !== one.defaultSelected));
    before = {
      part: target.id,
      isFocused: target.contains(document.activeElement),
      chosen: chosen.map((each) => [each.id, each.value]),
      open: [...target.querySelectorAll("details[id][open]")].map((each) => each.id),
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!before) return;
    for (const [id, value] of before.chosen) {
      const field = document.getElementById(id);
      if (field && [...field.options].some((one) => one.value === value)) field.value = value;
    }
    for (const id of before.open) { const details = document.getElementById(id); if (details) details.open = true; }
    const part = before.isFocused && document.activeElement === document.body && document.getElementById(before.part);
    if (part) { part.tabIndex = -1; part.focus({ preventScroll: true }); }
    before = null;
  });

  // What our own scripts fetch: the answer; or null while it cannot be had, then `again` is called later, or if it was
  // called off. What is `quiet` does not say that it is under way.
  window.fetchPart = async (url, { part, again, isQuiet = false, ...rest }) => {
    if (!isQuiet) begin(part);
    const how = { redirect: "manual", headers: { "HX-Request": "true" }, ...rest };
    const answer = await fetch(url, how).catch((error) => (error.name === "AbortError" ? "called off" : null));
    if (!isQuiet) end(part);
    if (answer === "called off") return null;
    if (!answer || isAway(answer.status)) { unreached(part, again); return null; }
    if (answer.status === TURNED_AWAY) { turnedAway(part, again); return null; }
    reached(part);
    return answer;
  };

  // The machine itself says that it has no connection.
  window.addEventListener("offline", () => unreached(window, () => { if (navigator.onLine) reached(window); }));
  window.addEventListener("online", () => { reached(window); if (lost.size) now(); });
}
