/* Keys, and the search box that takes anything. Keys are matched by what they type (event.key), never by place. */
"use strict";
{
  const meta = document.querySelector("meta[name=desk-keys]");
  const map = meta ? JSON.parse(meta.content) : {};
  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]):not([type=submit]), textarea, select, [contenteditable], .select2-container");
  let began = ""; // the first key of two

  // -- the keyboard map

  const help = async () => {
    const answer = await fetchPart(meta.dataset.help, { part: document.body, again: help });
    if (!answer || !answer.ok || document.querySelector(".help-dialog")) return;
    const dialog = document.createElement("dialog");
    dialog.className = "help-dialog";
    dialog.setAttribute("aria-label", meta.dataset.title);
    dialog.innerHTML = `<form method="dialog"><button class="button small" type="submit">${meta.dataset.close}</button></form>${await answer.text()}`;
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  // -- what a key does

  const run = (name) => {
    if (name.startsWith("/")) { location.assign(name); return true; }
    if (name === "search") { const box = document.getElementById("palette-box"); box.focus(); box.select(); return true; }
    if (name === "help") { help(); return true; }
    const there = document.querySelector(name === "undo" ? ".messagelist a[href*='/changes/']" : `[data-command="${name}"]`);
    if (there) {
      there.focus();
      if (there.matches("a, button, summary, [data-leads]")) there.click();
      if (there.dataset.leads) document.getElementById(there.dataset.leads).focus();
      return true;
    }
    return !document.dispatchEvent(new CustomEvent("desk:command", { detail: name, cancelable: true }));
  };
  // Whoever leaves a form by Esc is asked first if something was typed there.
  for (const name of ["input", "change"]) document.addEventListener(name, ({ target }) => { if (target.form) target.form.dataset.typed = ""; });
  const mayLeave = (form) => !("typed" in form.dataset) || confirm(form.dataset.leaving);
  document.addEventListener("cancel", (event) => {
    const form = event.target.querySelector("#act");
    if (form && !mayLeave(form)) event.preventDefault();
  }, true);

  // Who comes back to a list from a page that was opened there finds the link again.
  const left = `link:${location.pathname}${location.search}`;
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#content tbody a[href]");
    if (link) sessionStorage.setItem(left, link.getAttribute("href"));
  });
  const opened = sessionStorage.getItem(left);
  sessionStorage.removeItem(left);
  const isFrom = (url) => document.referrer && new URL(document.referrer).pathname === new URL(url, location).pathname;
  if (opened && isFrom(opened) && !document.querySelector(".messagelist") && document.activeElement === document.body) {
    const link = [...document.querySelectorAll("#content tbody a[href]")].find((each) => each.getAttribute("href") === opened);
    if (link) link.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !meta) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); run("search"); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
      const form = document.querySelector("form[data-leaving]");
      if (!form || mayLeave(form)) run("close");
      return;
    }
    if (typing(event.target)) return;
    const key = began ? `${began} ${event.key}` : event.key;
    began = "";
    if (map[key] && map[key].split(" ").some(run)) event.preventDefault();
    else if (Object.keys(map).some((other) => other.startsWith(`${key} `))) began = key;
  });

  // Only one menu is open, and a click beside it closes it.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // -- the search box: a combobox over what the server finds

  const box = document.getElementById("palette-box");
  const list = document.getElementById("palette-list");
  if (box && list) {
    const said = document.getElementById("palette-said");
    const recent = `recent:${meta.dataset.person}`;
    let timer, asked, options = [], at = -1;
    const known = () => { try { return JSON.parse(localStorage.getItem(recent)) || []; } catch { return []; } };
    const heading = document.querySelector("#content h1");
    if (heading && /\/(orders|products|purchase-orders|messages)\/\d+\//.test(location.pathname)) {
      const mine = { url: location.pathname, title: heading.firstChild.textContent.trim() };
      localStorage.setItem(recent, JSON.stringify([mine, ...known().filter((other) => other.url !== mine.url)].slice(0, 5)));
    }
    const show = (open) => {
      list.hidden = !open;
      box.setAttribute("aria-expanded", String(open));
      if (!open) { at = -1; box.removeAttribute("aria-activedescendant"); }
    };
    const mark = (index) => {
      if (!options.length) return;
      at = (index + options.length + 1) % (options.length + 1);
      options.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
      const option = options[at];
      if (option) { box.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else box.removeAttribute("aria-activedescendant");
    };
    const addRecent = () => {
      if (!known().length) return;
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", list.dataset.recent);
      const kind = document.createElement("p");
      kind.className = "found-kind";
      kind.setAttribute("role", "presentation");
      kind.textContent = list.dataset.recent;
      group.append(kind);
      known().forEach(({ url, title }, n) => {
        const option = document.createElement("a");
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.tabIndex = -1;
        option.id = `hit-recent-${n}`;
        option.href = url;
        option.textContent = title;
        group.append(option);
      });
      list.prepend(group);
    };
    const find = async () => {
      if (asked) asked.abort();
      asked = new AbortController();
      const term = box.value.trim();
      const { signal } = asked;
      const answer = await fetchPart(`${box.form.action}?q=${encodeURIComponent(term)}`, { part: list, signal, again: () => { if (!signal.aborted) find(); } });
      if (!answer || !answer.ok || document.activeElement !== box) return;
      list.innerHTML = await answer.text();
      if (!term) addRecent();
      const count = list.querySelector(".found-count");
      options = [...list.querySelectorAll("[role=option]")];
      said.textContent = count ? count.textContent : "";
      at = -1;
      box.removeAttribute("aria-activedescendant");
      show(options.length > 0 || Boolean(term));
    };
    const soon = (wait) => { clearTimeout(timer); timer = setTimeout(find, wait); };
    box.addEventListener("input", () => soon(150));
    box.addEventListener("focus", () => soon(0));
    box.addEventListener("blur", () => setTimeout(() => { if (!list.contains(document.activeElement)) show(false); }, 150));
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) soon(0); else mark(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(at < 0 ? options.length - 1 : at - 1); }
      else if (event.key === "Enter" && options[at] && !list.hidden) { event.preventDefault(); options[at].click(); }
      else if (event.key === "Escape") { event.preventDefault(); if (list.hidden) box.blur(); else show(false); }
      else if (event.key === "Tab") show(false);
    });
  }
}
