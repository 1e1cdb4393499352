/* Receiving goods: what the screen needs of a script. Without it every field is there, and a scan is looked up. */
"use strict";
{
  const scanner = document.querySelector("[data-scans]"), table = document.querySelector("table.entry");

  // What a person wants of a scan is remembered in this browser.
  const person = document.querySelector("meta[name=desk-keys]").dataset.person;
  const wish = (name, usual) => {
    const box = document.getElementById(name), place = `${name}:${person}`;
    try { box.checked = (localStorage.getItem(place) ?? usual) === "yes"; } catch { box.checked = usual === "yes"; }
    box.addEventListener("change", () => { try { localStorage.setItem(place, box.checked ? "yes" : "no"); } catch { /* switched off */ } });
    return box;
  };
  const isCounting = scanner && wish("scan-counts", "no"), isHeard = scanner && wish("scan-heard", "yes");
  if (scanner) document.querySelector(".scan-ways").hidden = false;

  // What became of a scan is heard and felt: high is good, twice is too much, low is wrong.
  const HEARD = { good: [[1320], [60]], over: [[880, 880], [60, 60, 60]], wrong: [[220, 220], [250, 80, 250]] };
  const TONE = 0.12; // seconds, and as long a pause
  let audio = null;
  const hear = (what) => {
    if (!isHeard.checked) return;
    const [tones, buzz] = HEARD[what];
    navigator.vibrate?.(buzz);
    audio = audio || new AudioContext();
    tones.forEach((hertz, n) => {
      const tone = audio.createOscillator(), volume = audio.createGain(), from = audio.currentTime + 2 * n * TONE;
      tone.frequency.value = hertz;
      volume.gain.value = 0.2;
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + TONE);
    });
  };

  // Counting starts at nothing, and every scan is one unit more: good while some are outstanding, over beyond. A short
  // number is how many there are of what was scanned last.
  const SHORT = /^\d{1,4}$/;
  let last = null; // the row scanned last
  const units = (row, name) => Number(row.querySelector(`.arrival-${name}`).value);
  const room = (row) => Math.max(Number(row.dataset.outstanding) - units(row, "damaged"), 0);
  const put = (row, total) => {
    const [good, over] = ["quantity", "over"].map((name) => row.querySelector(`.arrival-${name}`));
    good.value = Math.min(total, room(row));
    over.value = total - good.value;
    last?.classList.remove("is-last");
    last = row;
    row.classList.add("is-last");
    good.dispatchEvent(new Event("input", { bubbles: true }));
    const words = scanner.dataset[over.value > 0 ? "over" : "counts"];
    document.getElementById("scan-said").textContent = words.replace("{sku}", row.dataset.sku).replace("{count}", total).replace("{all}", row.dataset.outstanding).replace("{over}", over.value);
    hear(over.value > 0 ? "over" : "good");
  };
  const unseen = () => [...table.tBodies[0].rows].filter((row) => !row.dataset.counted);
  const start = () => {
    for (const row of unseen()) row.querySelector(".arrival-quantity").value = isCounting.checked ? 0 : row.dataset.outstanding;
    need();
  };
  if (scanner) isCounting.addEventListener("change", () => { start(); scanner.focus(); });

  // A scanned SKU counts, or leads to its line; of what is of no line the server says where it belongs.
  const scan = () => {
    const code = scanner.value.trim(), said = document.getElementById("scan-said");
    const rows = [...document.querySelectorAll("tr[data-sku]")].filter((each) => [code, code.toUpperCase()].includes(each.dataset.sku));
    scanner.value = said.textContent = "";
    if (isCounting.checked && rows.length) {
      const row = rows.find((each) => units(each, "quantity") < room(each)) || rows[0];
      put(row, units(row, "quantity") + units(row, "over") + 1);
      return;
    }
    if (isCounting.checked && last && SHORT.test(code)) { put(last, Number(code)); return; }
    if (rows.length) { const field = rows[0].querySelector("input[type=number]"); count(rows[0]); field.focus(); field.select(); hear("good"); return; }
    if (!code) return;
    hear("wrong");
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
      const came = good + damaged, isShort = came > 0 && came < Number(row.dataset.outstanding); // of nothing no rest is dated
      row.classList.toggle("is-short", isShort || field("rest").value !== "" || row.matches(":has(.of-rest .errorlist)"));
      row.classList.toggle("is-edited", good !== Number(row.dataset.outstanding));
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
  const place = told && `receipt:${person}:${location.pathname}`;
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
    if (isCounting.checked && !told.dataset.sent) start();
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
