/* What the screens need of a script; everything works without it. */
"use strict";
{
  // Tell assistive technology the label of a searching select: its widget is named only by its value.
  const nameSelects = (root) => {
    for (const select of root.querySelectorAll("select.admin-autocomplete")) {
      const box = select.parentElement.querySelector(".select2-selection");
      const label = select.labels && select.labels[0];
      if (box && (label || select.ariaLabel)) box.setAttribute("aria-label", select.ariaLabel || label.textContent.trim());
    }
  };
  window.addEventListener("load", () => nameSelects(document));
  document.addEventListener("formset:added", (event) => window.setTimeout(() => nameSelects(event.target), 0));

  // Copy the text a button names.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.dataset.done = "1";
    document.getElementById("said").textContent = button.dataset.said;
  });

  // Show only the fields that the chosen way needs.
  const chooseWay = (form) => {
    const chosen = form.querySelector("input[name=how]:checked");
    form.dataset.how = chosen ? chosen.value : "";
  };
  for (const form of document.querySelectorAll("form[data-how]")) {
    form.addEventListener("change", () => chooseWay(form));
    chooseWay(form);
  }

  // Ctrl+Enter saves.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest("form");
    const save = form && form.querySelector("button[data-saves]");
    if (save) save.click();
  });
}
