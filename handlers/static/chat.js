"use strict";
// Without this script the page works by sending forms; with it, messages come without reloading.
(() => {
  const log = document.getElementById("log");
  const list = document.getElementById("messages");
  const form = document.getElementById("say");
  const words = document.getElementById("words");
  const field = document.getElementById("text");
  const problem = document.getElementById("problem");
  const offline = document.querySelector(".offline");
  const arrived = document.querySelector(".arrived");
  const composer = document.querySelector(".composer");
  const send = form.querySelector(".send");
  const choosers = [...form.querySelectorAll("input[type=file]")];
  const chosen = form.querySelector(".chosen");
  const arriving = form.querySelector(".arriving");
  const sendLabel = send.textContent;
  const title = document.title;
  const draft = "neuvokas draft";
  // A connection that comes back by itself within this time is not worth a word.
  const patience = 3000;
  const longest = 30000;
  // A large picture over a slow line takes minutes; while it moves, nothing is wrong.
  const longestWithFiles = 600000;
  let conversation = log.dataset.conversation;
  let stream = null;
  let broken = 0;
  let busy = false;
  let clicked = null;
  let unseen = 0;

  // Keeping what is typed is a convenience: a browser may forbid it, and then nothing else changes.
  const kept = {
    get: () => { try { return sessionStorage.getItem(draft) || ""; } catch { return ""; } },
    set: (text) => { try { sessionStorage.setItem(draft, text); } catch { /* forbidden */ } },
  };

  const newest = () => {
    const items = list.querySelectorAll("li[data-id]");
    return items.length ? Number(items[items.length - 1].dataset.id) : 0;
  };

  const show = (item) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    item.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };

  // A phone number or an address in an answer can be pressed, and a ticket's number stays on one line;
  // what residents write stays as it is.
  const pattern = /(?<phone>\+358[\d ]{6,12}\d|\b0\d{1,3} [\d ]{3,9}\d|\b116 ?\d{3}\b|\b112\b)|(?<ticket>\bN-\d{4,}\b)|(?<site>\b(?:https:\/\/)?(?:[\w-]+\.)+fi\b(?:\/[\w\-./]*[\w/])?)/gu;
  const pressable = ({ 0: said, groups }) => {
    const made = document.createElement(groups.ticket ? "span" : "a");
    made.textContent = said;
    if (groups.ticket) made.className = "number";
    else if (groups.phone) made.href = `tel:${said.replace(/ /g, "")}`;
    else {
      made.href = said.startsWith("https://") ? said : `https://${said}`;
      made.target = "_blank";
      made.rel = "noopener noreferrer";
    }
    return made;
  };
  const link = (item) => {
    const text = item.querySelector(".text");
    if (!text || text.firstElementChild || item.matches(".resident")) return;
    const said = text.textContent;
    const parts = [];
    let end = 0;
    for (const found of said.matchAll(pattern)) {
      // The part of an e-mail address behind the @ is no page.
      if (said[found.index - 1] === "@") continue;
      parts.push(said.slice(end, found.index), pressable(found));
      end = found.index + found[0].length;
    }
    if (end) text.replaceChildren(...parts, said.slice(end));
  };

  // Only the newest choices can be pressed; the older ones would answer an older question.
  const tidy = () => {
    const items = [...list.children];
    items.slice(0, -1).forEach((item) => {
      const group = item.querySelector(".choices");
      if (group) group.remove();
    });
    items.forEach(link);
  };

  // Beside the event guide's questions stands the plan as it is now; what is unfolded stays so.
  const plan = document.getElementById("plan");
  const replan = async () => {
    if (!plan) return;
    const open = [...plan.querySelectorAll("details")].map((one) => one.open && one.querySelector("summary").textContent);
    const answer = await fetch("/events", { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    plan.innerHTML = await answer.text();
    for (const one of plan.querySelectorAll("details")) one.open = open.includes(one.querySelector("summary").textContent);
  };

  // Adds what is not there yet, each in its place, and returns it.
  const add = (html) => {
    const holder = document.createElement("ol");
    holder.innerHTML = html;
    const added = [];
    for (const item of [...holder.children]) {
      if (document.getElementById(item.id)) continue;
      const later = [...list.querySelectorAll("li[data-id]")].find((li) => Number(li.dataset.id) > Number(item.dataset.id));
      const greeting = document.getElementById("greeting");
      if (greeting && item.matches(".bot")) {
        greeting.replaceWith(item);
        continue;
      }
      list.insertBefore(item, later || null);
      const before = item.previousElementSibling;
      if (before && before.dataset.day && before.dataset.day !== item.dataset.day) {
        const day = document.createElement("li");
        day.className = "divider day";
        day.textContent = item.dataset.day;
        item.before(day);
      }
      added.push(item);
    }
    if (added.length) tidy();
    if (added.length) replan();
    return added;
  };

  const inView = () => {
    const bottom = list.lastElementChild.getBoundingClientRect().bottom;
    return bottom < innerHeight * 1.5;
  };

  // What staff write comes into view by itself, unless the resident is reading further up.
  const receive = (html) => {
    const follows = inView();
    const [first] = add(html);
    if (!first) return;
    if (follows) show(first);
    else arrived.hidden = false;
    if (document.hidden) {
      unseen += 1;
      document.title = `(${unseen}) ${title}`;
    }
  };

  const fetchNewer = async () => {
    const answer = await fetch(`/chat/messages?after=${newest()}`);
    if (answer.ok) receive(await answer.text());
  };

  const tell = () => { offline.textContent = offline.dataset.broken; };
  const mended = () => {
    clearTimeout(broken);
    broken = 0;
    if (!navigator.onLine) return;
    offline.textContent = "";
  };

  const listen = () => {
    if (stream || !conversation || !window.EventSource) return;
    stream = new EventSource(`/api/v1/conversations/${conversation}/events?after=${newest()}`);
    stream.addEventListener("open", mended);
    stream.addEventListener("message", (event) => {
      if (!busy && !document.getElementById(`m${event.lastEventId}`)) fetchNewer().catch(() => {});
    });
    stream.addEventListener("error", () => {
      broken = broken || setTimeout(tell, patience);
      // The browser tries again by itself after a break, but not after a refusal.
      if (stream.readyState === EventSource.CLOSED) {
        stream = null;
        setTimeout(listen, patience * 2);
      }
    });
  };

  const renew = () => {
    const bytes = [...crypto.getRandomValues(new Uint8Array(12))];
    const nonce = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    form.elements.nonce.value = nonce;
    words.elements.nonce.value = nonce;
  };

  const files = () => choosers.flatMap((chooser) => [...chooser.files]);

  // What the server would refuse is told before anything is sent.
  const tooMuch = () => {
    const sizes = files().map((file) => file.size);
    if (sizes.length > Number(chosen.dataset.most)) return chosen.dataset.many;
    const all = sizes.reduce((sum, size) => sum + size, 0);
    const isLarge = all > Number(chosen.dataset.all) || Math.max(0, ...sizes) > Number(chosen.dataset.one);
    return isLarge ? chosen.dataset.large : "";
  };

  // As the server writes it under what was sent.
  const sizeOf = (size) => {
    const spoken = document.documentElement.lang;
    const isLarge = size >= 950000;
    const amount = isLarge ? size / 1e6 : Math.max(1, size / 1e3);
    const number = new Intl.NumberFormat(spoken, { maximumFractionDigits: isLarge ? 1 : 0 }).format(amount);
    return `${number} ${isLarge ? "M" : "k"}${spoken === "fi" ? "t" : "B"}`;
  };

  const showFiles = () => {
    chosen.replaceChildren();
    problem.textContent = tooMuch();
    if (!files().length) return;
    const names = document.createElement("ul");
    for (const file of files()) {
      const item = document.createElement("li");
      item.textContent = `${file.name} (${sizeOf(file.size)})`;
      names.append(item);
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = chosen.dataset.remove;
    remove.addEventListener("click", () => {
      forget();
      choosers[0].focus();
    });
    chosen.append(names, remove);
  };

  const forget = () => {
    choosers.forEach((chooser) => { chooser.value = ""; });
    showFiles();
  };

  // Only this older way of sending tells how far it is.
  const upload = (body) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    body.forEach(([name, value]) => data.append(name, value));
    files().forEach((file) => data.append("file", file));
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.timeout = longestWithFiles;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) arriving.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("load", () => resolve({
      ok: request.status >= 200 && request.status < 300,
      headers: { get: (name) => request.getResponseHeader(name) },
      text: async () => request.responseText,
    }));
    ["error", "abort", "timeout"].forEach((name) => request.addEventListener(name, reject));
    arriving.value = 0;
    arriving.hidden = false;
    request.send(data);
  }).finally(() => { arriving.hidden = true; });

  const post = async (body) => {
    if (files().length) return upload(body);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), longest);
    try {
      return await fetch(form.action, {
        method: "POST", body: new URLSearchParams(body), headers: { "X-Requested-With": "fetch" }, signal: stop.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  const began = (answer) => {
    const id = answer.headers.get("X-Conversation");
    if (id === conversation) return;
    // The conversation of this page is no more (cleared in another window): this is a new one.
    if (conversation) list.replaceChildren();
    conversation = id;
    if (stream) stream.close();
    stream = null;
  };

  const taken = async (answer, pressed) => {
    const html = await answer.text();
    began(answer);
    if (!pressed) {
      field.value = "";
      kept.set("");
    }
    form.querySelector(".attach").open = false;
    forget();
    renew();
    mended();
    const spoken = answer.headers.get("Content-Language");
    if (spoken && spoken !== document.documentElement.lang) {
      location.assign(location.pathname);
      return;
    }
    const added = add(html);
    if (!added.length) return;
    show(added[0]);
    // A pressed button is gone, and on a phone the keyboard would cover the answer: the answer gets the focus.
    if (pressed || matchMedia("(hover: none)").matches) {
      const reply = added.find((item) => !item.matches(".resident")) || added[0];
      reply.tabIndex = -1;
      reply.focus({ preventScroll: true });
    }
  };

  const fail = (text, pressed) => {
    problem.textContent = text;
    if (pressed) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };

  const say = async (event) => {
    const button = event.submitter || clicked;
    const pressed = button && button.name ? button : null;
    // Changing the language changes the whole page.
    if (pressed && pressed.value.startsWith("lang:")) return;
    event.preventDefault();
    if (busy) return;
    if (!pressed && !field.value.trim() && !files().length) {
      field.focus();
      return;
    }
    if (tooMuch()) {
      problem.textContent = tooMuch();
      choosers[0].focus();
      return;
    }
    const body = [[pressed ? pressed.name : "text", pressed ? pressed.value : field.value]];
    // Until an answer came it stays the same nonce, so that a message that did arrive is not doubled.
    body.push(["nonce", form.elements.nonce.value]);
    busy = true;
    problem.textContent = "";
    field.removeAttribute("aria-invalid");
    send.textContent = send.dataset.sending;
    try {
      const answer = await post(body);
      const plain = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
      if (answer.ok) await taken(answer, pressed);
      else fail(plain ? await answer.text() : send.dataset.failed, pressed);
    } catch {
      fail(send.dataset.failed, pressed);
    } finally {
      busy = false;
      send.textContent = sendLabel;
      listen();
      if (conversation) fetchNewer().catch(() => {});
    }
  };

  // Older browsers do not name the pressed button when the form is sent.
  document.addEventListener("click", (event) => { clicked = event.target.closest("button"); }, true);
  form.addEventListener("submit", say);
  words.addEventListener("submit", say);

  choosers.forEach((chooser) => chooser.addEventListener("change", showFiles));

  // Enter sends, as people expect of a chat; Shift and Enter makes a new line.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send.click();
    }
  });
  field.addEventListener("input", () => kept.set(field.value));
  if (!field.value) field.value = kept.get();
  document.getElementById("finish").addEventListener("submit", () => kept.set(""));

  arrived.firstElementChild.addEventListener("click", () => {
    arrived.hidden = true;
    show(list.lastElementChild);
  });
  addEventListener("scroll", () => {
    if (!arrived.hidden && list.lastElementChild.getBoundingClientRect().top < composer.getBoundingClientRect().top) arrived.hidden = true;
  }, { passive: true });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unseen = 0;
    document.title = title;
  });
  addEventListener("offline", tell);
  addEventListener("online", () => { mended(); if (conversation) fetchNewer().catch(() => {}); });

  const print = document.getElementById("print");
  print.hidden = false;
  print.addEventListener("click", () => window.print());

  // Who comes back lands where the conversation goes on, not at its beginning.
  const land = () => {
    const own = list.querySelectorAll(".resident");
    const last = list.lastElementChild;
    if (!newest() || problem.textContent) return;
    const asked = own[own.length - 1];
    const near = asked && last.getBoundingClientRect().bottom - asked.getBoundingClientRect().top < innerHeight;
    (near ? asked : last).scrollIntoView({ block: "start" });
  };

  tidy();
  listen();
  land();
})();
