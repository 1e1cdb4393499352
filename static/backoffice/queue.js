/* The queue: what is ticked and what that comes to, the drawer, what is new. Everything works without it, too. */
"use strict";
{
  const queue = document.getElementById("queue");
  const rows = [...queue.querySelectorAll("tr[data-line]")];
  const box = (row) => row.querySelector("input[name=line]");
  const bar = document.getElementById("bulk-bar");
  const frozen = Boolean(document.querySelector("#bulk input[name=selection]"));

  // -- what is ticked

  const all = document.getElementById("tick-all");
  let last = null; // the row ticked last: where a range starts
  const put = (row, on) => {
    box(row).checked = on;
    row.classList.toggle("ticked", on);
  };
  const worth = (ticked) => {
    const sums = new Map();
    for (const row of ticked) sums.set(row.dataset.currency, (sums.get(row.dataset.currency) || 0) + Number(row.dataset.worth));
    const money = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return [...sums].map(([currency, sum]) => `${money.format(sum)} ${currency}`).join(" + ");
  };
  const count = () => {
    const ticked = rows.filter((row) => box(row).checked);
    if (all) {
      all.checked = ticked.length === rows.length;
      all.indeterminate = ticked.length > 0 && !all.checked;
    }
    bar.classList.toggle("is-on", ticked.length > 0 || frozen);
    if (frozen) return;
    const chosen = document.getElementById("chosen");
    chosen.textContent = ticked.length ? `${ticked.length} ${chosen.dataset.some}, ${worth(ticked)}` : chosen.dataset.none;
    const message = document.getElementById("message");
    if (!message) return;
    message.dataset.plain = message.dataset.plain || message.textContent;
    const customers = new Set(ticked.map((row) => row.dataset.customer)).size;
    message.textContent = customers > 1 ? message.dataset.many.replace("#", customers) : customers ? message.dataset.one : message.dataset.plain;
  };
  const tick = (row, { range = false, on = !box(row).checked } = {}) => {
    const [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
    if (range && last) for (const between of rows.slice(from, to + 1)) put(between, on);
    else put(row, on);
    last = row;
    count();
  };
  if (bar) {
    if (all && !frozen) {
      all.hidden = false;
      all.addEventListener("change", () => { for (const row of rows) put(row, all.checked); count(); });
    }
    for (const row of rows) {
      box(row).addEventListener("click", (event) => tick(row, { range: event.shiftKey, on: box(row).checked }));
      row.classList.toggle("ticked", box(row).checked);
    }
    count();
  }

  // -- the drawer

  const drawer = document.getElementById("drawer");
  let peeked = null, peeks = 0;
  const peek = async (row) => {
    peeked = row;
    for (const other of rows) other.classList.toggle("peeked", other === row);
    drawer.hidden = false;
    const here = encodeURIComponent(location.pathname + location.search);
    const again = () => { if (peeked === row) peek(row); };
    const mine = peeks += 1;
    const answer = await fetchPart(`${row.querySelector("a[data-peeks]").href}?next=${here}`, { part: drawer, again });
    const text = answer && answer.ok ? await answer.text() : null;
    if (peeked !== row || mine !== peeks) return false; // another one was asked for since, or it was closed
    if (text !== null) drawer.innerHTML = text;
    const closes = drawer.querySelector("[data-closes]");
    if (closes) closes.hidden = false;
    return true;
  };
  const close = () => {
    if (drawer.hidden) return false;
    drawer.hidden = true;
    drawer.replaceChildren();
    const row = peeked;
    peeked = null;
    for (const other of rows) other.classList.remove("peeked");
    if (row && drawer.dataset.focused) row.querySelector("a[data-peeks]").focus();
    delete drawer.dataset.focused;
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-peeks]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const row = link.closest("tr");
      if (peeked === row) { close(); return; }
      peek(row).then((isShown) => { const first = isShown && drawer.querySelector("a, button"); if (first) { drawer.dataset.focused = "1"; first.focus(); } });
    } else if (event.target.closest("[data-closes]")) close();
  });

  // -- the row under the keyboard; what a key means is said in keyboard.js

  let at = -1;
  const mark = (index) => {
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, index));
    for (const row of rows) row.classList.toggle("at", row === rows[at]);
    const link = rows[at].querySelector("th a");
    link.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
    if (!drawer.hidden) peek(rows[at]);
  };
  for (const row of rows) row.addEventListener("focusin", () => { at = rows.indexOf(row); for (const other of rows) other.classList.toggle("at", other === row); });
  // Who comes back to the list from another page finds the row again that it was left from.
  const leftFrom = `left:${location.pathname}${location.search}`;
  window.addEventListener("pagehide", () => { if (at >= 0) sessionStorage.setItem(leftFrom, rows[at].dataset.line); });
  const isBack = document.referrer && new URL(document.referrer).pathname !== location.pathname;
  const back = isBack ? rows.findIndex((row) => row.dataset.line === sessionStorage.getItem(leftFrom)) : -1;
  sessionStorage.removeItem(leftFrom);
  if (back >= 0) mark(back);
  // An act of the bar is about what is ticked, or about the row under the keyboard.
  const act = (name) => {
    const control = bar && bar.querySelector(`[data-act=${name}]`);
    if (!control) return;
    if (!frozen && at >= 0 && !rows.some((row) => box(row).checked)) tick(rows[at], { on: true });
    if (control.matches("details")) {
      control.open = true;
      control.querySelector("button, select, input").focus();
    } else control.click();
  };
  document.addEventListener("desk:command", (event) => {
    const row = rows[at];
    const commands = {
      next: () => mark(at + 1),
      previous: () => mark(at - 1),
      select: () => row && tick(row),
      select_range: () => row && tick(row, { range: true, on: true }),
      open: () => row && row.querySelector("th a").click(),
      peek: () => { if (row) { if (peeked === row) close(); else peek(row); } },
      note: () => row && peek(row).then((isShown) => { const field = isShown && document.getElementById("peek-note"); if (field) { drawer.dataset.focused = "1"; field.focus(); } }),
      set_eta: () => act("eta"),
      message: () => act("message"),
      assign: () => act("assign"),
      snooze: () => act("snooze"),
      close: () => close(),
    };
    const does = commands[event.detail];
    if (does) { event.preventDefault(); does(); }
  });

  // -- what is new, and what a long list comes to

  const fresh = document.getElementById("new-lines");
  const seen = rows.map((row) => row.dataset.line).join(",");
  let found = "";
  const look = async () => {
    if (document.hidden || !fresh) return;
    const answer = await fetchPart(`${queue.dataset.new}&seen=${seen}`, { part: fresh, isQuiet: true, again: look });
    const text = answer && answer.ok ? await answer.text() : found;
    if (text === found) return; // what can be pressed there stays
    fresh.innerHTML = found = text;
  };
  if (rows.length) setInterval(look, 30_000);
  queue.addEventListener("look", look);

  const sum = async (summary) => {
    const answer = await fetchPart(summary.dataset.summary, { part: summary, isQuiet: true, again: () => sum(summary) });
    if (answer && answer.ok) summary.outerHTML = await answer.text();
  };
  for (const summary of document.querySelectorAll("[data-summary]")) sum(summary);
}
