"use strict";
// Without this script the pages work by sending forms; with it, they renew themselves and keep drafts.
(() => {
  const live = document.querySelector("[data-live]");
  const offline = document.querySelector(".offline");
  const patience = 3000;

  // Changes only what differs, so that focus, scrolling and what a screen reader has read stay.
  const patch = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    const whole = old.nodeType !== Node.ELEMENT_NODE || old.tagName !== fresh.tagName || old.id !== fresh.id;
    if (whole || !fresh.children.length) {
      old.replaceWith(fresh);
      return;
    }
    for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const name of fresh.getAttributeNames()) old.setAttribute(name, fresh.getAttribute(name));
    patchAll(old, fresh);
  };

  const patchAll = (old, fresh) => {
    const wanted = [...fresh.childNodes];
    const ids = new Set(wanted.map((node) => node.id).filter(Boolean));
    for (const node of [...old.children]) if (node.id && !ids.has(node.id)) node.remove();
    wanted.forEach((node, index) => {
      const known = node.id && [...old.children].find((child) => child.id === node.id);
      const there = old.childNodes[index];
      if (known && known !== there) old.insertBefore(known, there || null);
      if (known) patch(known, node);
      else if (!there || (there.id && ids.has(there.id))) old.insertBefore(node, there || null);
      else patch(there, node);
    });
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  };

  const renew = async () => {
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    if (answer.status === 401) location.href = "/staff/sign-in";
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    const log = live.querySelector("ol");
    const messages = log ? log.children.length : 0;
    const follows = log && log.getBoundingClientRect().bottom < innerHeight * 1.5;
    patchAll(live, fresh);
    const added = log && log.children.length > messages;
    const writes = document.activeElement && document.activeElement.matches("textarea");
    if (added && follows && !writes) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      log.lastElementChild.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
  };

  if (live && window.EventSource) {
    let stream = null;
    let broken = 0;
    const listen = () => {
      if (stream) return;
      stream = new EventSource("/staff/events");
      stream.addEventListener("open", () => {
        clearTimeout(broken);
        broken = 0;
        offline.textContent = "";
      });
      stream.addEventListener("changed", () => { renew().catch(() => {}); });
      stream.addEventListener("signed-out", () => { location.href = "/staff/sign-in"; });
      stream.addEventListener("error", () => {
        broken = broken || setTimeout(() => { offline.textContent = offline.dataset.broken; }, patience);
        if (stream && stream.readyState === EventSource.CLOSED) {
          stream = null;
          setTimeout(listen, patience * 2);
        }
      });
    };
    // A browser holds few connections to one host: tabs in the background give theirs back.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) listen();
      else if (stream) {
        stream.close();
        stream = null;
      }
    });
    listen();
  }

  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const key = `draft ${form.dataset.draft}`;
    const field = form.elements.text;
    const sent = [...document.querySelectorAll(".message.staff .text")].map((text) => text.textContent.trim());
    const draft = sessionStorage.getItem(key) || "";
    // A draft goes only once its text stands in the conversation.
    if (sent.includes(draft.trim())) sessionStorage.removeItem(key);
    else if (!field.value) field.value = draft;
    field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.querySelector("button").click();
      }
    });
  });

  const out = document.getElementById("out");
  if (out) out.addEventListener("submit", () => sessionStorage.clear());

  const link = document.getElementById("link");
  if (link) link.addEventListener("focus", () => link.select());
})();
