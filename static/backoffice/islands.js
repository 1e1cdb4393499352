/* What a page says while a part of it is fetched, and while the server is not reached. Every request for a part only
   reads (previews write nothing), so that it is simply made again; forms that write are sent by the browser itself. */
"use strict";
{
  const PATIENCE = 300, PAUSES = [1000, 2000, 4000, 5000]; // milliseconds
  const banner = document.getElementById("no-connection");
  const updating = document.getElementById("updating");
  const busy = new Map(); // the part of the page -> how many requests for it are under way
  const lost = new Map(); // who asked in vain -> how to ask again
  let tries = 0, timer = 0, patience = 0;

  const say = (place, words) => { if (place.textContent !== words) place.textContent = words; };
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
  const askAgain = () => {
    timer = 0;
    tries += 1;
    for (const [who, again] of [...lost]) if (who.isConnected === false) lost.delete(who); else again();
    if (!lost.size) reached(null);
  };
  const unreached = (who, again) => {
    lost.set(who, again);
    say(banner, banner.dataset.says);
    timer = timer || setTimeout(askAgain, PAUSES[Math.min(tries, PAUSES.length - 1)]);
  };
  const reached = (who) => {
    lost.delete(who);
    if (lost.size) return;
    clearTimeout(timer);
    timer = tries = 0;
    say(banner, "");
  };
  const isAway = (status) => status === 502 || status === 503 || status === 504; // in front of us, somebody answers for us

  // What htmx fetches. What is asked for every second asks again by itself, and is no news while it does.
  const isPoll = (node) => (node.getAttribute("hx-trigger") || "").startsWith("every");
  document.addEventListener("htmx:beforeSend", ({ detail }) => { if (!isPoll(detail.elt)) begin(detail.target); });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isPoll(detail.elt)) end(detail.target);
    if (detail.xhr.status && detail.xhr.status < 500) reached(detail.elt);
  });
  const missed = (event) => {
    const { detail } = event;
    const { elt, target, requestConfig } = detail;
    if (detail.xhr.status && !isAway(detail.xhr.status)) { say(banner, banner.dataset.broken); return; }
    if (event.type === "htmx:timeout") { say(banner, banner.dataset.slow); return; } // it is at work: asked again it would have more
    unreached(elt, isPoll(elt) ? () => {} : () => htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target }).catch(() => {}));
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, missed);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) missed(event); });

  // What our own scripts fetch: the answer, or null while the server is not reached; then `again` is called later.
  window.fetchPart = async (url, { part, headers, again }) => {
    begin(part);
    const answer = await fetch(url, { headers }).catch(() => null);
    end(part);
    if (!answer || isAway(answer.status)) { unreached(part, again); return null; }
    reached(part);
    return answer;
  };

  // The machine itself says that it has no connection.
  window.addEventListener("offline", () => unreached(window, () => { if (navigator.onLine) reached(window); }));
  window.addEventListener("online", () => { reached(window); if (lost.size) { clearTimeout(timer); askAgain(); } });
}
