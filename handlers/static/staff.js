"use strict";
// Without this script the pages work by sending forms; with it, they renew themselves and keep drafts.
(() => {
  const live = document.querySelector("[data-live]");
  if (live) {
    const renew = async () => {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) {
        const html = await answer.text();
        if (html !== live.innerHTML) live.innerHTML = html;
      }
    };
    const stream = new EventSource("/staff/events");
    stream.addEventListener("changed", () => { renew().catch(() => {}); });
    stream.addEventListener("signed-out", () => { location.href = "/staff/sign-in"; });
  }

  document.querySelectorAll("[data-instant]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
  });

  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const key = `draft ${form.dataset.draft}`;
    const field = form.elements.text;
    if (!field.value) field.value = sessionStorage.getItem(key) || "";
    field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
    form.addEventListener("submit", () => sessionStorage.removeItem(key));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  });
})();
