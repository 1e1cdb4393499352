/* A list of ETAs under check: the cells of its rows like those of a sheet, the next problem by a key, and pasting anywhere
   on the page that takes a list. Everything works without it. */
"use strict";
{
  const rows = document.querySelector("table.import-rows");
  const cells = (part) => [...part.querySelectorAll("input.cell")];
  let last = null; // the problem that was looked at last
  const go = (cell) => { cell.focus(); cell.select?.(); };

  // Up, down and Enter keep the column; left and right leave a cell at its edge.
  const near = (cell, step) => {
    const column = (each) => each.closest("td").cellIndex;
    const all = cells(rows).filter((each) => column(each) === column(cell));
    return all[all.indexOf(cell) + step];
  };
  const beside = (cell, step) => {
    const all = cells(cell.closest("tr")), edge = step < 0 ? 0 : cell.value.length;
    const isWhole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
    const isAtEdge = cell.selectionStart === edge && cell.selectionEnd === edge;
    return isWhole || isAtEdge ? all[all.indexOf(cell) + step] : null;
  };
  // Of the rows without a problem only one takes Tab, the one last gone to: behind them is what applies the list.
  const stopAt = (row) => {
    for (const cell of cells(rows)) {
      const its = cell.closest("tr");
      cell.tabIndex = its === row || its.matches(".has-problem") ? 0 : -1;
    }
  };
  if (rows) {
    stopAt(rows.querySelector("tr:not(.has-problem):has(input.cell)"));
    rows.addEventListener("focusin", ({ target }) => {
      if (target.tabIndex < 0 && target.matches("input.cell")) stopAt(target.closest("tr"));
    });
  }
  if (rows) rows.addEventListener("keydown", (event) => {
    const cell = event.target.closest("input.cell"), { key } = event;
    if (!cell || event.altKey || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (key === "Escape") { last = cell.closest("tr"); cell.value = cell.defaultValue; cell.blur(); return; }
    if (key === "Enter") {
      event.preventDefault();
      const next = near(cell, 1);
      if (next) go(next); else cell.form.querySelector("button[type=submit]").focus();
      return;
    }
    const next = { ArrowUp: () => near(cell, -1), ArrowDown: () => near(cell, 1), ArrowLeft: () => beside(cell, -1), ArrowRight: () => beside(cell, 1) }[key]?.();
    if (!next) return;
    event.preventDefault();
    go(next);
  });

  // The groups first, since one decision repairs many rows; then the rows; after the last the first again.
  document.addEventListener("desk:command", (event) => {
    if (event.detail !== "next_problem") return;
    const problems = [...document.querySelectorAll(".groups li, .import-rows tr.has-problem")].filter((each) => each.querySelector("button, input.cell"));
    if (!problems.length) return;
    event.preventDefault();
    const here = document.activeElement.closest(".groups li, .import-rows tr.has-problem") || last;
    last = problems[(problems.indexOf(here) + 1) % problems.length];
    go(last.querySelector("[aria-invalid]") || last.querySelector("button, input.cell"));
  });

  // What is pasted beside every field is the list.
  const box = document.querySelector("textarea.pasted");
  if (box) document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData, field = box.form.querySelector("input[type=file]"), text = event.clipboardData.getData("text/plain");
    if (event.target.closest("input, textarea, select, [contenteditable]") || !(text || files.length)) return;
    event.preventDefault();
    if (!text) { field.files = files; field.focus(); return; }
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
}
