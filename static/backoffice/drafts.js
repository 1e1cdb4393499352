/* Drafts are kept on the server as they are typed. Where that fails (no connection, the session is over), the text
   stays in this browser until it can be kept; another window's words are never overwritten. */
"use strict";
{
  const REST = 1500, LONGEST = 10_000; // milliseconds: after the last key, and at most between two keepings
  for (const form of document.querySelectorAll("form[data-drafts]")) {
    const field = form.querySelector("textarea");
    const said = form.querySelector("[data-draft-said]");
    const seen = form.querySelector("[name=draft_seen]");
    const person = document.querySelector("meta[name=desk-keys]").dataset.person;
    const place = `draft:${person}:${form.dataset.drafts}:${form.dataset.kind}`;
    let kept = field.value, timer = 0, since = 0, isStopped = false, isKeeping = false, isLost = false, isFirst = true;

    // `isSent`: the form was sent with it; it comes back only if nothing became of that.
    const put = (text, isSent = false) => {
      try {
        if (text === null) localStorage.removeItem(place); else localStorage.setItem(place, JSON.stringify({ text, isSent }));
      } catch { /* full, or switched off */ }
    };
    const left = () => { try { return JSON.parse(localStorage.getItem(place)); } catch { return null; } };
    const body = () => {
      const data = new URLSearchParams({ kind: form.dataset.kind, draft_seen: seen.value });
      data.set(field.name, field.value);
      data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      return data;
    };
    const keep = async () => {
      clearTimeout(timer);
      if (isStopped || isKeeping || field.value === kept) return;
      isKeeping = true;
      const text = field.value;
      since = 0;
      const answer = await fetchPart(form.dataset.drafts, { part: said, isQuiet: true, again: keep, method: "POST", body: body(), keepalive: true });
      isKeeping = false;
      const isOurs = answer && (answer.headers.get("content-type") || "").includes("json");
      isLost = !isOurs;
      if (!isOurs) { put(text); said.textContent = said.dataset.lost; timer = setTimeout(keep, LONGEST); return; }
      const told = await answer.json();
      said.textContent = told.said;
      if (!answer.ok) { isStopped = true; put(text); return; }
      seen.value = told.version;
      kept = text;
      put(null);
      if (field.value !== text) soon();
    };
    const soon = () => {
      clearTimeout(timer);
      since = since || Date.now();
      timer = setTimeout(keep, isFirst ? 0 : Math.max(0, Math.min(REST, since + LONGEST - Date.now())));
      isFirst = false;
    };
    const before = left();
    // What the server has by now, as it was written last, was sent on another way, such as the page after a session's end.
    const isWritten = before && before.text.trim().replaceAll("\r\n", "\n") === form.dataset.written.replaceAll("\r\n", "\n");
    if (isWritten || (before && before.isSent && Number(seen.value) === 0)) put(null);
    else if (before && before.text !== field.value) {
      // What could not be kept comes back, under what the server has kept meanwhile.
      const isDraft = Number(seen.value) > 0;
      field.value = isDraft && field.value.trim() && !before.text.startsWith(field.value) ? `${field.value}\n\n· · ·\n\n${before.text}` : before.text;
      soon();
    }
    field.addEventListener("input", soon);
    form.addEventListener("submit", () => { isStopped = true; clearTimeout(timer); put(field.value, !isLost); });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
    window.addEventListener("pagehide", () => { if (!isStopped && field.value !== kept) { put(field.value); keep(); } });
  }
}
