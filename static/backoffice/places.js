/* A place is put into the text of the form that was worked on last, where its cursor is. */
"use strict";
{
  let worked = null;
  document.addEventListener("focusin", (event) => { if (event.target.matches("#act input[type=text], #act textarea")) worked = event.target; });
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-inserts]");
    const field = place && (worked || document.querySelector("#act input[type=text], #act textarea"));
    if (!field) return;
    field.setRangeText(place.dataset.inserts, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
