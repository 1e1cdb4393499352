/* The theme a person saved holds on every device, until they switch it here. Runs before the page is painted. */
"use strict";
{
  const saved = document.querySelector("meta[name=desk-theme]");
  if (saved && localStorage.getItem("themeSaved") !== saved.dataset.saved) {
    localStorage.setItem("theme", saved.content);
    localStorage.setItem("themeSaved", saved.dataset.saved);
  }
}
