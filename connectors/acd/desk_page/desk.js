// The agents' desk. What a customer wrote is only ever set as text, never as markup.
import { api, channel, element, show, who, words } from "/office/office.js";

const RESEND_MS = 2000;
const NEAR_THE_END = 80;
const SAFE_LINKS = new Set(["http:", "https:"]);
const WHYS = {
  missed: "You did not answer your last offers. Choose Available when you are back.",
  lost: "Your desk was not connected for a while. Choose Available to go on.",
};
const ENDS = {
  processed: "Done", ok: "Done", cancelled: "Taken back by the flow", dissuasion_by_user: "Turned away", dissuasion: "Turned away by a supervisor",
  dissuasion_maximum_wait: "The customer waited too long", no_response: "Not taken", unprocessed: "Ended", error: "Ended",
};
const REASONS = { customer_left: "the customer left", closed: "closed", abandoned: "you were gone", declined: "declined", timeout: "too late", away: "you were away" };

const at = (id) => document.getElementById(id);
const talks = new Map(); // contact → what is known of its conversation
let desk = null;
let skew = 0; // the office's clock less ours, ms
let opened = null; // the contact that is shown
let known = null; // offers that were announced
let writing = null; // the contact whose composer is to have the focus as soon as it is there

function talk(id) {
  if (!talks.has(id)) talks.set(id, { messages: [], draft: "", pending: new Map(), after: 0, read: 0, outbox: Promise.resolve(), loading: null, info: null });
  return talks.get(id);
}

function contactPath(id, rest = "") {
  return `/api/desk/contacts/${encodeURIComponent(id)}${rest}`;
}

// The desk's state comes whole, whenever it has changed.
function listen() {
  const events = new EventSource("/api/desk/events");
  events.addEventListener("open", () => say(""));
  events.addEventListener("message", (event) => update(JSON.parse(event.data)));
  events.addEventListener("error", async () => {
    say("No connection …");
    if (events.readyState !== EventSource.CLOSED) return;
    // The browser gives up on an answer that is no stream: ask why, and begin anew.
    try {
      update(await api("/api/desk"));
    } catch (error) {
      if (error.fault?.error === "user") return refuse(error);
    }
    setTimeout(listen, RESEND_MS);
  });
}

// Whoever is signed in may open the desk and is no agent who could be offered customers.
async function refuse(error) {
  const { name } = await who();
  at("no-agent-why").textContent = error.status === 403
    ? `You are signed in as ${name}. This desk is for agents: customers can be offered to you as soon as a user with your name is published. To try it, sign in as one of the agents.`
    : `You are signed in as ${name}, an agent who is not active: no customers are offered to you.`;
  document.body.classList.add("no-agent");
}

function say(text) {
  at("connection").textContent = text;
}

function update(state) {
  skew = state.now - Date.now();
  desk = state;
  at("my-name").textContent = state.name;
  at("why").textContent = WHYS[state.why] ?? "";
  at("why").hidden = !WHYS[state.why];
  for (const button of at("presence").children) {
    button.disabled = false; // before, nobody would have heard it
    button.setAttribute("aria-pressed", String(button.dataset.presence === state.presence));
  }
  at("queues").replaceChildren(...state.queues.map(({ queue, name, waiting }) => element("li", {}, `${name || words(queue)}: ${waiting} waiting`)));
  const offers = state.contacts.filter((contact) => contact.state === "offered");
  const conversations = state.contacts.filter((contact) => contact.state === "accepted");
  keep(at("offers"), offers, makeOffer, () => {});
  keep(at("conversations"), conversations, makeTalk, fillTalk);
  keep(at("recent"), state.recent, makeTalk, fillTalk);
  announce(offers);
  for (const contact of conversations) {
    if (contact.count > talk(contact.id).after) load(contact.id);
  }
  countDown();
  if (opened !== null) showState();
}

// Keep one list item per contact; what has the focus stays in place.
function keep(list, contacts, make, fill) {
  const items = new Map([...list.children].map((item) => [item.dataset.contact, item]));
  let before = list.firstElementChild;
  for (const contact of contacts) {
    let item = items.get(contact.id);
    items.delete(contact.id);
    if (item === undefined) {
      item = make(contact);
      item.dataset.contact = contact.id;
      list.insertBefore(item, before);
    } else if (item === before) {
      before = item.nextElementSibling;
    } else {
      list.insertBefore(item, before);
    }
    fill(item, contact);
  }
  for (const item of items.values()) item.remove();
}

function announce(offers) {
  const ids = new Set(offers.map((offer) => offer.id));
  const fresh = known === null ? offers : offers.filter((offer) => !known.has(offer.id));
  if (fresh.length) at("heard").textContent = `New offer: ${nameOf(fresh[0])}`;
  known = ids;
  document.title = offers.length ? `(${offers.length}) Desk` : "Desk";
}

function nameOf(contact) {
  return contact.customer.name || "Customer";
}

function aboutOf(contact) {
  const from = contact.kind === "user" ? "for you alone" : contact.queue_name || words(contact.queue);
  return [from, channel(contact.channel), languageOf(contact.customer.locale)].filter(Boolean).join(" · ");
}

const languages = new Intl.DisplayNames(undefined, { type: "language" });

function languageOf(locale) {
  try {
    return locale ? languages.of(locale.replaceAll("_", "-")) : "";
  } catch {
    return locale; // a channel's own word
  }
}

function makeOffer(contact) {
  const act = (path, after) => async (event) => {
    event.currentTarget.disabled = true;
    try {
      await api(contactPath(contact.id, path), { method: "POST" });
      after?.();
    } catch (error) {
      show(error.status === 404 || error.status === 409 ? new Error("The offer has gone: the flow took it back, or somebody else has it.") : error);
    } finally {
      event.target.disabled = false;
    }
  };
  const actions = [
    element("button", { type: "button", class: "primary accept", onclick: act("/accept", () => open(contact.id)) }, "Accept"),
    element("button", { type: "button", class: "decline", onclick: act("/decline") }, "Decline"),
  ];
  if (contact.kind === "queue") {
    actions.push(element("button", { type: "button", class: "danger turn-away", "aria-haspopup": "dialog", onclick: () => turnAway(contact.id) }, "Turn away …"));
  }
  return element("li", { class: "offer" },
    element("div", { class: "top" }, element("span", { class: "who", dir: "auto" }, nameOf(contact)), element("span", { class: "left meta" })),
    element("p", { class: "said", dir: "auto" }, contact.customer.message || "(nothing written yet)"),
    element("p", { class: "meta" }, aboutOf(contact), element("span", { class: "waited" })),
    element("progress", { max: "1", value: "1", "aria-label": "Time left" }),
    element("div", { class: "actions" }, actions));
}

function turnAway(id) {
  const dialog = at("turning-away");
  dialog.onclick = async ({ target }) => {
    if (!target.dataset.sure) return;
    dialog.close();
    if (target.dataset.sure === "yes") await api(contactPath(id, "/turn-away"), { method: "POST" }).catch(show);
  };
  dialog.showModal();
}

function countDown() {
  if (desk === null) return;
  const now = Date.now() + skew;
  for (const item of at("offers").children) {
    const contact = desk.contacts.find(({ id }) => id === item.dataset.contact);
    if (contact === undefined) continue;
    const left = Math.max(0, contact.offered_till - now);
    item.till ??= left || 1;
    item.querySelector("progress").value = left / item.till;
    item.querySelector(".left").textContent = `${Math.ceil(left / 1000)} s left`;
    item.querySelector(".waited").textContent = ` · waiting for ${lasting(now - contact.entered)}`;
  }
}

function lasting(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

function makeTalk(contact) {
  return element("li", {}, element("button", { type: "button", class: "talk", onclick: () => open(contact.id) },
    element("div", { class: "top" }, element("span", { class: "who", dir: "auto" }, nameOf(contact)), element("span", { class: "unread", hidden: true })),
    element("p", { class: "said", dir: "auto" }),
    element("p", { class: "meta" })));
}

function fillTalk(item, contact) {
  const button = item.firstElementChild;
  const last = contact.last ? JSON.parse(contact.last) : null;
  const unread = contact.state === "accepted" && contact.id !== opened ? contact.count - talk(contact.id).read : 0;
  button.setAttribute("aria-current", String(contact.id === opened));
  button.querySelector(".said").textContent = last === null ? "" : (last.from === "agent" ? "You: " : "") + contentOf(last);
  button.querySelector(".meta").textContent = contact.state === "ended" ? endOf(contact) : aboutOf(contact);
  const badge = button.querySelector(".unread");
  badge.hidden = unread <= 0;
  badge.textContent = String(unread);
  badge.setAttribute("aria-label", `${unread} unread`);
}

function endOf(contact) {
  const reason = REASONS[contact.reason];
  return (ENDS[contact.outcome] ?? "Ended") + (reason ? `: ${reason}` : "");
}

function contentOf(message) {
  if (message.text) return message.text;
  if (message.media?.length) return message.media.map((file) => file.name || file.url).join(", ");
  return message.choice ? "(pressed a button)" : "";
}

// One conversation.

function find(id) {
  return desk?.contacts.find((contact) => contact.id === id) ?? desk?.recent.find((contact) => contact.id === id) ?? null;
}

function open(id) {
  if (opened !== null) talk(opened).draft = at("text").value;
  opened = id;
  document.body.classList.add("talking");
  at("nothing-open").hidden = true;
  at("open").hidden = false;
  at("messages").replaceChildren();
  const one = talk(id);
  one.messages.forEach(append);
  for (const item of one.pending.values()) at("messages").append(item);
  at("text").value = one.draft;
  fit();
  writing = id;
  showState();
  load(id);
  toTheEnd();
}

function showState() {
  const contact = find(opened);
  if (contact !== null) talk(opened).info = contact;
  const info = talk(opened).info;
  if (info === null) return;
  const goesOn = info.state === "accepted" && contact !== null;
  at("customer").textContent = nameOf(info);
  at("about").textContent = aboutOf(info);
  at("end").hidden = !goesOn;
  at("composer").hidden = !goesOn;
  at("over").hidden = goesOn;
  if (goesOn && writing === opened) {
    writing = null;
    at("text").focus();
  }
  at("over").textContent = info.state === "offered" ? "Accept the offer to talk." : endOf(info);
  for (const list of [at("conversations"), at("recent")]) {
    for (const item of list.children) item.firstElementChild.setAttribute("aria-current", String(item.dataset.contact === opened));
  }
}

function close() {
  if (opened !== null) talk(opened).draft = at("text").value;
  opened = null;
  document.body.classList.remove("talking");
  at("open").hidden = true;
  at("nothing-open").hidden = false;
  if (desk !== null) update(desk);
}

function load(id) {
  const one = talk(id);
  one.loading ??= (async () => {
    try {
      const found = await api(contactPath(id, `?after=${one.after}`));
      for (const message of found.messages) {
        if (message.index <= one.after) continue;
        one.after = message.index;
        one.messages.push(message);
        one.pending.get(message.id)?.remove();
        one.pending.delete(message.id);
        if (id === opened) {
          const follow = isAtTheEnd();
          append(message);
          if (follow || message.from === "agent") toTheEnd();
        }
      }
      if (id === opened) one.read = one.after;
    } catch (error) {
      if (error.status !== 404) show(error);
    } finally {
      one.loading = null;
    }
    const contact = find(id);
    if (contact !== null && contact.count > one.after) load(id);
    else if (desk !== null && id === opened) keep(at("conversations"), desk.contacts.filter((contact) => contact.state === "accepted"), makeTalk, fillTalk);
  })();
}

function append(message) {
  const first = [...talk(opened).pending.values()].find((item) => item.isConnected) ?? null;
  at("messages").insertBefore(bubble(message), first);
}

function bubble(message) {
  const text = element("p", { class: "bubble", dir: "auto" });
  const who = element("span", { class: "hidden-but-heard" }, message.from === "agent" ? "You: " : "Customer: ");
  if (message.text) text.append(message.text);
  for (const file of message.media ?? []) text.append(message.text || text.hasChildNodes() ? "\n" : "", fileOf(file));
  if (!text.hasChildNodes()) text.append(contentOf(message));
  const when = new Date(message.at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return element("li", { class: `message ${message.from}` }, who, text, element("p", { class: "when" }, when));
}

// A file's address comes from the customer: only what a browser fetches becomes a link.
function fileOf(file) {
  const name = file.name || file.url;
  let scheme = "";
  try {
    scheme = new URL(file.url).protocol;
  } catch {
    // shown as text
  }
  return SAFE_LINKS.has(scheme) ? element("a", { href: file.url, target: "_blank", rel: "noopener noreferrer nofollow" }, name) : name;
}

function write() {
  const text = at("text").value.trim();
  if (!text || opened === null) return;
  const id = newId();
  const contact = opened;
  const one = talk(contact);
  const item = bubble({ from: "agent", text, at: Date.now() + skew });
  item.classList.add("sending");
  one.pending.set(id, item);
  at("messages").append(item);
  at("text").value = "";
  fit();
  toTheEnd();
  one.outbox = one.outbox.then(() => deliver(contact, id, text, item));
}

// The id stays the same however often a message is sent: the office takes it once.
async function deliver(contact, id, text, item) {
  for (;;) {
    try {
      await api(contactPath(contact, "/messages"), { method: "POST", body: { id, text } });
      item.classList.remove("sending");
      return;
    } catch (error) {
      if (error.status !== undefined && error.status < 500 && error.status !== 429) {
        item.classList.replace("sending", "refused");
        item.append(element("p", { class: "note" }, `Not sent. ${error.message}`));
        talk(contact).pending.delete(id);
        return;
      }
      say("Not sent yet. Trying again …");
      await new Promise((resolve) => setTimeout(resolve, RESEND_MS));
    }
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fit() {
  const text = at("text");
  at("send").disabled = !text.value.trim();
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

function isAtTheEnd() {
  const scroll = at("scroll");
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_THE_END;
}

function toTheEnd() {
  at("scroll").scrollTop = at("scroll").scrollHeight;
}

at("presence").addEventListener("click", async ({ target }) => {
  if (!target.dataset.presence) return;
  try {
    await api("/api/desk/presence", { method: "PUT", body: { presence: target.dataset.presence } });
  } catch (error) {
    show(error.fault?.error === "presence" ? new Error("End your conversations before you go off duty.") : error);
  }
});
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  write();
});
at("text").addEventListener("input", fit);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    write();
  }
});
at("end").addEventListener("click", () => at("ending").showModal());
at("ending").addEventListener("click", async ({ target }) => {
  if (target.dataset.how === undefined) return;
  at("ending").close();
  if (!target.dataset.how) return;
  const contact = opened;
  try {
    await talk(contact).outbox; // what was written comes before the end
    await api(contactPath(contact, "/end"), { method: "POST", body: { how: target.dataset.how } });
    if (opened === contact) close();
  } catch (error) {
    show(error);
  }
});
at("back").addEventListener("click", close);
setInterval(countDown, 1000);
listen();
