"use strict";
// Without this script the pages work by sending forms; with it, they renew themselves and keep drafts.
(() => {
  const live = document.querySelector("[data-live]");
  // What a form led to cannot be asked for again: the page goes by its own address, in the bar as well.
  const address = live ? live.dataset.live : "";
  if (live && location.pathname !== new URL(address, location.href).pathname) history.replaceState(null, "", address);
  const offline = document.querySelector(".offline");
  const shown = document.querySelector("[data-ticket]");
  const number = shown ? shown.dataset.ticket : "";
  const patience = 3000;
  const post = (path, values, onceMore) => {
    const form = new URLSearchParams(values);
    if (onceMore) return navigator.sendBeacon(path, form);
    return fetch(path, { method: "POST", body: form, headers: { "X-Requested-With": "fetch" } });
  };

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

  // Whoever has signed out elsewhere sees nothing more, but keeps what they are writing.
  const ended = () => {
    const written = [...document.querySelectorAll("textarea:not([readonly])")].some((field) => field.value.trim());
    if (!written) location.href = "/staff/sign-in";
    else offline.textContent = offline.dataset.ended;
  };

  const fetched = async () => {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (answer.status === 401) ended();
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    const list = live.querySelector(".log ol");
    const messages = list ? list.children.length : 0;
    const follows = list && list.getBoundingClientRect().bottom < innerHeight * 1.5;
    patchAll(live, fresh);
    const log = live.querySelector("[data-newest]");
    const seen = document.querySelector("#reply [name=seen]");
    if (log && seen) seen.value = log.dataset.newest;
    const added = list && list.children.length > messages;
    const writes = document.activeElement && document.activeElement.matches("textarea, input, select");
    if (added && follows && !writes) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      list.lastElementChild.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
  };

  // One at a time: what changes meanwhile is fetched once more afterwards, however often it changed.
  let fetching = false;
  let again = false;
  const renew = async () => {
    again = fetching;
    if (fetching) return;
    fetching = true;
    try {
      await fetched();
    } catch (error) {
      // The stream notices a broken connection and says so.
    }
    fetching = false;
    if (again) renew();
  };

  if (live && window.EventSource) {
    let stream = null;
    let broken = 0;
    const listen = () => {
      if (stream) return;
      stream = new EventSource(number ? `/staff/events?ticket=${number}` : "/staff/events");
      stream.addEventListener("open", () => {
        clearTimeout(broken);
        broken = 0;
        offline.textContent = "";
      });
      stream.addEventListener("changed", renew);
      stream.addEventListener("signed-out", ended);
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

  let typedAt = 0;
  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const key = `draft ${form.dataset.draft}`;
    const field = form.elements.text;
    const sent = [...document.querySelectorAll(".message.staff .text, .message.internal .text")];
    const draft = sessionStorage.getItem(key) || "";
    let saving = 0;
    // A draft goes only once its text stands in the conversation.
    if (sent.some((text) => text.textContent.trim() === draft.trim())) sessionStorage.removeItem(key);
    else if (!field.value) field.value = draft;
    field.addEventListener("input", () => {
      typedAt = Date.now();
      sessionStorage.setItem(key, field.value);
      clearTimeout(saving);
      saving = setTimeout(() => {
        post(`/staff/tickets/${number}/draft`, { field: form.dataset.field, text: field.value }).catch(() => {});
      }, 1000);
    });
    form.addEventListener("submit", () => clearTimeout(saving));
  });

  // From any field of a ticket's forms, as if its own button was pressed.
  if (number) {
    document.addEventListener("keydown", (event) => {
      const form = event.target.closest("form[data-draft], .panel form, .panel .act");
      if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      const button = form.querySelector("button.main") || form.querySelector("button");
      button.form.requestSubmit(button);
    });
  }

  // Which files go along is seen while their choosing is folded away.
  const files = document.querySelector("#reply input[type=file]");
  if (files) {
    const named = () => {
      const names = [...files.files].map((file) => file.name).join(", ");
      document.getElementById("files-chosen").textContent = names ? `: ${names}` : "";
    };
    files.addEventListener("change", named);
    named();
  }

  // Only those are offered who work in the chosen queue.
  const into = document.getElementById("to-queue");
  if (into) {
    const taker = document.getElementById("to-person");
    const offer = () => {
      for (const option of taker.options) {
        const fits = !option.value || option.dataset.queues.split(" ").includes(into.value);
        option.hidden = option.disabled = !fits;
        if (!fits && option.selected) taker.value = "";
      }
    };
    into.addEventListener("change", offer);
    offer();
  }

  // A ready text comes into the field without the page being loaded again.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[formaction$='/compose']");
    if (!button) return;
    event.preventDefault();
    const form = button.form;
    const values = new FormData(form);
    values.set(button.name, button.value);
    // Files stay where they are until the reply is sent.
    values.delete("file");
    try {
      const answer = await post(button.getAttribute("formaction"), values);
      if (!answer.ok) throw new Error(answer.status);
      const made = await answer.json();
      document.getElementById("found").innerHTML = made.found;
      if (button.value) {
        form.elements.text.value = made.text;
        form.elements.text.dispatchEvent(new Event("input", { bubbles: true }));
        form.elements.text.focus();
      }
    } catch (error) {
      // Sent as a form, the page itself says what is wrong.
      button.form.requestSubmit(button);
    }
  });

  // Who looks at the ticket now is shown to the others.
  if (number) {
    const path = `/staff/tickets/${number}/presence`;
    const here = () => {
      if (!document.hidden) post(path, { writing: Date.now() - typedAt < 30000 ? "1" : "" }).catch(() => {});
    };
    here();
    setInterval(here, 20000);
    document.addEventListener("visibilitychange", here);
    document.addEventListener("input", (event) => {
      if (event.target.matches(".reply textarea") && event.target.dataset.told !== "1") {
        event.target.dataset.told = "1";
        here();
      }
    });
    addEventListener("pagehide", () => post(path, { left: "1" }, true));
  }

  // Choosing many tickets in the list.
  const bulk = document.getElementById("bulk");
  const boxes = () => [...document.querySelectorAll("input[name=numbers]")];
  if (bulk) {
    const told = document.getElementById("chosen");
    const all = document.getElementById("choose-all");
    const count = () => {
      const chosen = boxes().filter((box) => box.checked).length;
      told.textContent = chosen === 0 ? "" : chosen === 1 ? told.dataset.one : told.dataset.many.replace("{count}", chosen);
    };
    document.addEventListener("change", (event) => { if (event.target.matches("input[name=numbers]")) count(); });
    all.hidden = false;
    all.addEventListener("click", () => {
      const none = boxes().some((box) => !box.checked);
      boxes().forEach((box) => { box.checked = none; });
      count();
    });
    count();
  }

  // Shortcuts: single keys, so they can be switched off, and do nothing while somebody writes.
  const sheet = document.getElementById("keys");
  if (sheet) {
    const open = document.getElementById("keys-open");
    const on = document.getElementById("keys-on");
    let before = "";
    const ask = (id) => document.getElementById(id);
    const focus = (element) => {
      if (element) element.focus();
    };
    const rows = () => [...document.querySelectorAll("#live tbody th a")];
    const step = (by) => {
      const links = rows();
      const at = links.indexOf(document.activeElement);
      focus(links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))]);
    };
    const current = () => rows().find((link) => link === document.activeElement);
    const press = (element) => {
      if (element) element.click();
    };
    const keys = {
      j: () => step(1),
      k: () => step(-1),
      o: () => press(current()),
      x: () => press(current() && current().closest("tr").querySelector("input")),
      c: () => press(ask("claim")),
      r: () => focus(ask("text")),
      n: () => focus(ask("note-text")),
      w: () => press(ask("next")),
      f: () => {
        const outcome = ask("outcome");
        if (outcome) outcome.closest("details").open = true;
        focus(outcome);
      },
      u: () => press([...document.querySelectorAll(".undo")].pop()),
      "/": () => { if (ask("q")) focus(ask("q")); else location.href = "/staff#q"; },
      "?": () => sheet.showModal(),
    };
    on.checked = localStorage.getItem("keys") !== "off";
    on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));
    open.hidden = false;
    open.addEventListener("click", () => sheet.showModal());
    if (location.hash === "#q") focus(ask("q"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target.matches("textarea, input")) event.target.blur();
      const busy = sheet.open || event.target.matches("textarea, input:not([type=checkbox]), select");
      if (!on.checked || busy || event.ctrlKey || event.altKey || event.metaKey) return;
      const follows = before === "g" && event.key === "l";
      before = event.key;
      const does = follows ? () => { location.href = "/staff"; } : keys[event.key];
      if (!does) return;
      event.preventDefault();
      does();
    });
  }

  const out = document.getElementById("out");
  if (out) out.addEventListener("submit", () => sessionStorage.clear());

  const link = document.getElementById("link");
  if (link) link.addEventListener("focus", () => link.select());
})();
