// The wallboard: queues, who waits in them, agents. What customers are called is set as text, never as markup.
import { api, channel, element, many, show, words } from "/office/office.js";

const RECONNECT_MS = 2000;
const PRESENCES = { available: ["Available", "tag good"], away: ["Away", "tag warn"], signed_out: ["Off duty", "tag"] };
const WHYS = { missed: "did not answer", lost: "lost connection" };

const at = (id) => document.getElementById(id);
let board = null;
let skew = 0;

function listen() {
  const events = new EventSource("/api/wallboard/events");
  events.addEventListener("open", () => say(""));
  events.addEventListener("message", (event) => {
    board = JSON.parse(event.data);
    skew = board.now - Date.now();
    draw();
  });
  events.addEventListener("error", () => {
    say("No connection …");
    if (events.readyState === EventSource.CLOSED) setTimeout(() => api("/api/wallboard").catch(show).finally(listen), RECONNECT_MS);
  });
}

function say(text) {
  at("connection").textContent = text;
}

function lasting(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ""}` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function draw() {
  if (board === null) return;
  const now = Date.now() + skew;
  const passed = now - board.now;
  const agents = (presence) => board.agents.filter((agent) => agent.presence === presence).length;
  const names = new Map(board.queues.map(({ queue, name }) => [queue, name || words(queue)]));
  const named = (queues) => queues.map((queue) => names.get(queue) ?? words(queue)).join(", ");
  // Who waits in several queues of a group is one customer.
  const waiting = new Map();
  for (const queue of board.queues) for (const contact of queue.contacts) waiting.set(contact.id, { ...contact, queues: [...(waiting.get(contact.id)?.queues ?? []), queue.queue] });
  const longest = Math.max(0, ...[...waiting.values()].map((contact) => now - contact.entered));
  const beyond = board.queues.reduce((sum, queue) => sum + queue.waiting - queue.contacts.length, 0);
  at("totals").replaceChildren(
    total("Waiting", waiting.size + beyond), total("Longest wait", lasting(longest)), total("Available", agents("available")),
    total("Away", agents("away")), total("Talking", board.agents.reduce((sum, agent) => sum + agent.accepted, 0)));
  at("queues").tBodies[0].replaceChildren(...board.queues.map((queue) => element("tr", {},
    element("th", { scope: "row" }, names.get(queue.queue)), cell("Waiting", queue.waiting), cell("Longest wait", queue.waiting ? lasting(queue.longest_ms + passed) : "–"),
    cell("Estimated wait", queue.estimate_ms ? `≈ ${lasting(queue.estimate_ms)}` : "–"), cell("Average handling", lasting(queue.handling_ms)),
    cell("Agents free", `${queue.free} of ${queue.signed_in}`))));
  at("no-queues").hidden = board.queues.length > 0;
  people(at("waiting"), [...waiting.values()], (contact) => contact.id, (contact) => [
    element("div", { class: "about" }, element("p", { class: "name", dir: "auto" }, contact.name || "Customer"),
      element("p", { class: "faint" }, `${named(contact.queues)} · ${channel(contact.channel)}${contact.state === "offered" ? " · an agent is asked" : ""}`)),
    element("span", { class: "since" }), element("button", { type: "button", "aria-haspopup": "dialog", "aria-label": `End the wait of ${contact.name || "a customer"}`, onclick: () => close(contact) }, "End …"),
  ], (contact) => lasting(now - contact.entered));
  people(at("agents"), board.agents, (agent) => agent.user, (agent) => {
    const [word, tag] = PRESENCES[agent.presence];
    const load = `${agent.accepted} of ${many(agent.capacity, "conversation")}${agent.offered ? `, ${agent.offered} offered` : ""}`;
    return [element("div", { class: "about" }, element("p", { class: "name", dir: "auto" }, agent.name),
      element("p", { class: "faint" }, [load, named(agent.queues), WHYS[agent.why]].filter(Boolean).join(" · "))),
      element("span", { class: "since faint" }), element("span", { class: tag }, word)];
  }, (agent) => (agent.since && agent.presence !== "signed_out" ? lasting(now - agent.since) : ""));
  at("no-agents").hidden = board.agents.length > 0;
}

// Items are made anew only where what they say has changed, so that a button keeps the focus.
function people(list, all, key, make, since) {
  const items = new Map([...list.children].map((item) => [item.key, item]));
  const wanted = all.map((one) => {
    const said = JSON.stringify(one);
    let item = items.get(key(one));
    if (item === undefined || item.said !== said) item = Object.assign(element("li", {}, make(one)), { key: key(one), said });
    item.querySelector(".since").textContent = since(one);
    return item;
  });
  if (wanted.length !== list.children.length || wanted.some((item, index) => item !== list.children[index])) list.replaceChildren(...wanted);
}

function total(title, value) {
  return element("div", {}, element("dt", {}, title), element("dd", {}, value));
}

function cell(label, text) {
  return element("td", { "data-label": label }, text);
}

function close(contact) {
  const dialog = at("closing");
  at("closing-name").textContent = contact.name || "a customer";
  dialog.onclick = async ({ target }) => {
    if (target.dataset.how === undefined) return;
    dialog.close();
    if (!target.dataset.how) return;
    await api(`/api/wallboard/contacts/${encodeURIComponent(contact.id)}/close`, { method: "POST", body: { how: target.dataset.how } }).catch(show);
  };
  dialog.showModal();
}

setInterval(draw, 1000);
listen();
