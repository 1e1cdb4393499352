/* Receiving goods: what the screen needs of a script. Without it every field is there, and a scan is looked up. */
"use strict";
{
  const scanner = document.querySelector("[data-scans]"), table = document.querySelector("table.entry");

  // A scanned SKU leads to its line; of what is of no line the server says where it belongs.
  const scan = () => {
    const code = scanner.value.trim(), said = document.getElementById("scan-said");
    const row = [...document.querySelectorAll("tr[data-sku]")].find((each) => [code, code.toUpperCase()].includes(each.dataset.sku));
    scanner.value = said.textContent = "";
    if (row) { const field = row.querySelector("input[type=number]"); count(row); field.focus(); field.select(); return; }
    if (!code) return;
    said.textContent = `${scanner.dataset.unknown} ${code}`;
    htmx.ajax("GET", `${scanner.dataset.scans}?scan=${encodeURIComponent(code)}`, { target: said, swap: "innerHTML", select: "#scanned" });
  };

  // Enter in a quantity leads back to the scanner.
  document.addEventListener("keydown", (event) => {
    if (!scanner || event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    if (event.target !== scanner && !event.target.closest("table.entry input")) return;
    event.preventDefault();
    if (event.target === scanner) scan(); else scanner.focus();
  });

  // The ETA of a rest is asked of what is short, pictures of what is damaged; what was said there already stays in sight.
  const need = () => {
    for (const row of table.tBodies[0].rows) {
      const field = (name) => row.querySelector(`.arrival-${name}`);
      const good = Number(field("quantity").value), damaged = Number(field("damaged").value);
      const isShort = good + damaged < Number(row.dataset.outstanding);
      row.classList.toggle("is-short", isShort || field("rest").value !== "" || row.matches(":has(.of-rest .errorlist)"));
      row.classList.toggle("is-damaged", damaged > 0 || row.querySelector("[type=file]").files.length > 0 || row.matches(":has(.photos)"));
    }
  };
  if (table) { table.classList.add("asking"); table.addEventListener("input", need); }

  // Who goes before whom stands in the form beside what arrived: a preview that is under way, or asked for meanwhile,
  // loses no press of a button that it replaces.
  const preview = document.getElementById("preview");
  const move = (button) => {
    const [act, product] = button.value.split(":"), said = (name) => button.form.elements[name].value;
    if (act === "back") return "";
    const menus = () => {
      const [line, version] = said(`give_${product}`).split(":"), units = button.form.elements[`units_${product}`];
      const move = [line, said(`take_${product}`), version, units.value].filter((part, n) => part || n < 3).join(":");
      units.value = "";
      return move;
    };
    return [said("moves"), act === "menu" ? menus() : button.value].filter(Boolean).join();
  };
  preview.addEventListener("keydown", (event) => {
    const button = event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.closest(".take-give")?.querySelector("button");
    if (!button || !event.target.matches("input")) return;
    event.preventDefault();
    button.click();
  });
  preview.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=move]");
    if (!button) return;
    event.preventDefault();
    button.form.elements.moves.value = move(button);
    htmx.ajax("POST", button.form.getAttribute("action"), { source: preview, target: preview }).catch(() => {});
  });

  // What was counted stays in this browser until its receipt is booked; its key comes along, so that it is booked once.
  const KEPT = 7 * 24 * 3600 * 1000; // milliseconds
  const told = document.querySelector("p[data-counted]"), form = document.getElementById("act");
  const place = told && `receipt:${document.querySelector("meta[name=desk-keys]").dataset.person}:${location.pathname}`;
  const typed = () => [...table.querySelectorAll("input:not([type=file])"), form.elements.reason, form.elements.key];
  const counted = () => [...table.tBodies[0].rows].filter((row) => row.dataset.counted);
  let isKept = true, isSending = false;

  const tell = () => {
    const units = counted().flatMap((row) => [...row.querySelectorAll("input[type=number]")]).reduce((sum, field) => sum + Number(field.value), 0);
    const words = told.dataset[units === 1 ? "one" : "many"].replace("{count}", units);
    told.hidden = !counted().length;
    told.querySelector("span").textContent = words;
  };
  const keep = () => {
    const values = Object.fromEntries(typed().map((field) => [field.name, field.value]));
    const lines = counted().map((row) => row.dataset.sku);
    try { localStorage.setItem(place, JSON.stringify({ at: Date.now(), values, lines })); isKept = true; } catch { isKept = false; }
    tell();
  };
  const count = (row) => { row.dataset.counted = "1"; keep(); };
  const forget = () => { try { localStorage.removeItem(place); } catch { /* switched off */ } };
  const left = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(place));
      if (!kept) return null;
      const isOver = Date.now() - kept.at > KEPT || told.dataset.booked.split(" ").includes(kept.values.key);
      if (isOver) forget();
      return isOver ? null : kept;
    } catch { return null; }
  };
  const bring = (kept) => {
    // A form that comes back from the server has what was typed; of an earlier one only this browser knows.
    if (!told.dataset.sent) {
      for (const field of typed()) field.value = kept.values[field.name] ?? field.value;
      const when = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
      document.getElementById("again").textContent = told.dataset.again.replace("{when}", when);
    }
    for (const row of table.tBodies[0].rows) if (kept.lines.includes(row.dataset.sku)) row.dataset.counted = "1";
    tell();
  };
  if (table) {
    const kept = left();
    if (kept) bring(kept);
    need();
    table.addEventListener("input", (event) => count(event.target.closest("tr")));
    form.elements.reason.addEventListener("input", keep);
    form.addEventListener("submit", () => { isSending = true; });
    told.querySelector("button").addEventListener("click", () => { forget(); isSending = true; location.assign(location.pathname); });
    window.addEventListener("beforeunload", (event) => {
      const hasFiles = [...table.querySelectorAll("[type=file]")].some((field) => field.files.length);
      if (!isSending && (hasFiles || (!isKept && counted().length))) event.preventDefault();
    });
  }
}
