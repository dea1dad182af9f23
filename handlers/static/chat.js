"use strict";
// Without this script the page works by sending forms; with it, messages come without reloading.
(() => {
  const log = document.getElementById("log");
  const form = document.getElementById("say");
  const field = document.getElementById("text");
  const problem = document.getElementById("newest");
  const send = form.querySelector(".send");
  const sendLabel = send.textContent;
  let conversation = log.dataset.conversation;
  let stream = null;
  let busy = false;

  const newest = () => {
    const last = log.querySelector("li[data-id]:last-of-type");
    return last ? Number(last.dataset.id) : 0;
  };

  const append = (html) => {
    const holder = document.createElement("ol");
    holder.innerHTML = html;
    let added = null;
    for (const item of [...holder.children]) {
      if (document.getElementById(item.id)) continue;
      added = added || item;
      log.append(item);
    }
    tidy();
    if (added) added.scrollIntoView({ block: "start", behavior: "smooth" });
  };

  // Only the newest choices can be pressed; the older ones would answer an older question.
  const tidy = () => {
    const groups = [...log.querySelectorAll(".choices")];
    groups.slice(0, -1).forEach((group) => group.remove());
  };

  const fetchNewer = async () => {
    const answer = await fetch(`/chat/messages?after=${newest()}`);
    if (answer.ok) append(await answer.text());
  };

  const listen = () => {
    if (stream || !conversation) return;
    stream = new EventSource(`/api/v1/conversations/${conversation}/events?after=${newest()}`);
    stream.addEventListener("message", () => { if (!busy) fetchNewer(); });
  };

  form.addEventListener("submit", async (event) => {
    const pressed = event.submitter && event.submitter.name === "choice" ? event.submitter : null;
    // Changing the language changes the whole page.
    if (pressed && pressed.value.startsWith("lang:")) return;
    event.preventDefault();
    if (busy) return;
    const body = new FormData(form);
    if (pressed) {
      body.delete("text");
      body.set("choice", pressed.value);
    } else if (!field.value.trim()) {
      field.focus();
      return;
    }
    busy = true;
    problem.textContent = "";
    send.textContent = send.dataset.sending;
    try {
      const answer = await fetch("/chat", {
        method: "POST", body: new URLSearchParams(body), headers: { "X-Requested-With": "fetch" },
      });
      const text = await answer.text();
      if (answer.ok) {
        if (!conversation) {
          log.replaceChildren();
          conversation = answer.headers.get("X-Conversation");
        }
        append(text);
        if (!pressed) field.value = "";
        form.elements.nonce.value = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
        const spoken = answer.headers.get("Content-Language");
        if (spoken && spoken !== document.documentElement.lang) location.reload();
      } else {
        problem.textContent = text;
      }
    } catch {
      // The same nonce goes out again, so that a message that did arrive is not doubled.
      problem.textContent = send.dataset.failed;
    } finally {
      busy = false;
      send.textContent = sendLabel;
      field.focus({ preventScroll: true });
      listen();
      if (conversation) fetchNewer().catch(() => {});
    }
  });

  // Enter sends, as people expect of a chat; Shift and Enter makes a new line.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit(send);
    }
  });

  tidy();
  listen();
  const last = log.querySelector("li:last-of-type");
  if (newest() && last) last.scrollIntoView({ block: "start" });
})();
