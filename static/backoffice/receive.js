/* Receiving goods: what the screen needs of a script. Without it every field is there, and a scan is looked up. */
"use strict";
{
  const scanner = document.querySelector("[data-scans]");

  // A scanned SKU leads to its line; of what is of no line the server says where it belongs.
  const scan = () => {
    const code = scanner.value.trim(), said = document.getElementById("scan-said");
    const row = [...document.querySelectorAll("tr[data-sku]")].find((each) => [code, code.toUpperCase()].includes(each.dataset.sku));
    scanner.value = said.textContent = "";
    if (row) { const field = row.querySelector("input[type=number]"); field.focus(); field.select(); return; }
    if (!code) return;
    said.textContent = `${scanner.dataset.unknown} ${code}`;
    htmx.ajax("GET", `${scanner.dataset.scans}?scan=${encodeURIComponent(code)}`, { target: said, swap: "innerHTML" });
  };

  // Enter in a quantity leads back to the scanner.
  document.addEventListener("keydown", (event) => {
    if (!scanner || event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    if (event.target !== scanner && !event.target.closest("table.entry input")) return;
    event.preventDefault();
    if (event.target === scanner) scan(); else scanner.focus();
  });

  // The ETA of a rest is asked of what is short, pictures of what is damaged; what was said there already stays in sight.
  const table = document.querySelector("table.entry");
  const need = () => {
    for (const row of table.tBodies[0].rows) {
      const field = (name) => row.querySelector(`.arrival-${name}`);
      const good = Number(field("quantity").value), damaged = Number(field("damaged").value);
      const isShort = good + damaged < Number(row.dataset.outstanding);
      row.classList.toggle("is-short", isShort || field("rest").value !== "" || row.matches(":has(.of-rest .errorlist)"));
      row.classList.toggle("is-damaged", damaged > 0 || row.querySelector("[type=file]").files.length > 0 || row.matches(":has(.photos)"));
    }
  };
  if (table) { table.classList.add("counts"); table.addEventListener("input", need); need(); }
}
