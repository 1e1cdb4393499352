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

  // A chip fills in a way and its field as if they had been typed.
  for (const chips of document.querySelectorAll("[data-chips]")) {
    chips.hidden = false;
    chips.addEventListener("click", ({ target }) => {
      const { way, name, value } = target.dataset;
      if (!way) return;
      const { how, [name]: field } = target.form.elements;
      how.value = way;
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // A form is sent once, however often its button is pressed while the answer is under way.
  const AGAIN = 5000; // milliseconds: until it is pressed because nothing came of it
  let sent = null, sentAt = 0;
  document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (event.defaultPrevented || target.method !== "post") return;
    const what = submitter || target;
    if (what === sent && event.timeStamp - sentAt < AGAIN) { event.preventDefault(); return; }
    [sent, sentAt] = [what, event.timeStamp];
  });
  document.addEventListener("input", () => { sent = null; });
  window.addEventListener("pageshow", () => { sent = null; });

  // Ctrl+Enter saves.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest("form");
    const save = form && form.querySelector("button[data-saves]");
    if (save) save.click();
  });

  // Put words that a link names into the text it is for.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-fills]");
    const field = link && document.getElementById(link.dataset.fills);
    if (!field) return;
    event.preventDefault();
    field.value = link.dataset.text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });

  // Open the form behind a link in a drawer beside the page; without a script, or with Ctrl, the link is a link.
  const drawer = document.getElementById("drawer");
  let asked = null; // the link pressed last: an answer to an earlier press opens nothing, a second press asks for nothing
  const openDrawer = async (link) => {
    const body = document.getElementById("drawer-body");
    const answer = await fetchPart(link.href, { part: link, again: () => { if (asked === link) openDrawer(link); } });
    const text = answer && await answer.text();
    if (!answer || asked !== link) return;
    asked = null;
    const page = new DOMParser().parseFromString(text, "text/html");
    const form = page.getElementById("act");
    if (!form) { location.assign(link.href); return; }
    document.getElementById("drawer-title").textContent = page.querySelector("h1").textContent.trim();
    body.replaceChildren(form);
    drawer.showModal();
    htmx.process(body);
    const first = form.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-drawer]");
    if (!link || !drawer || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (asked === link) return;
    asked = link;
    openDrawer(link);
  });
  if (drawer) {
    drawer.addEventListener("close", () => document.getElementById("drawer-body").replaceChildren());
    drawer.addEventListener("click", (event) => {
      if (event.target === drawer || event.target.closest(".save-bar a")) { event.preventDefault(); drawer.close(); }
    });
  }

  // Print the page.
  for (const button of document.querySelectorAll("[data-prints]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
