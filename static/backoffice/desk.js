/* What the screens need of a script; everything works without it. */
"use strict";
{
  // Tell assistive technology the label of a searching select: its widget is named only by its value.
  const nameSelect = (widget) => {
    const select = widget.parentElement.querySelector("select.admin-autocomplete");
    const label = select && (select.ariaLabel || (select.labels[0] && select.labels[0].textContent.trim()));
    const parts = ".select2-selection, .select2-selection__rendered[role=textbox], .select2-search__field";
    if (label) for (const part of widget.querySelectorAll(parts)) part.setAttribute("aria-label", label);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.matches && node.matches(".select2-container")) nameSelect(node);
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

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
