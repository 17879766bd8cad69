// The demo: a customer's chat, and beside it the console's view of the same conversation.
import { Chat, newAddress } from "../page/chat.js";
import { Conversation } from "../console/page/conversation.js";

const KEY = "smart-routing.demo-address";
const base = new URL(".", document.baseURI).pathname;
const chatPlace = document.getElementById("chat-place");
const consolePlace = document.getElementById("console-place");
const chooser = document.getElementById("examples");
const hint = document.getElementById("hint");
const behind = document.getElementById("behind");
const tabs = [...document.querySelectorAll('.tabs [role="tab"]')];
let examples = [];
let example = null; // the one that is chatted with
let chat = null;
let conversation = null;
let opened = 0;
let run = null; // which run of the demo this page talks to
let lost = false;

function remembered() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing still chats
  }
}

function remember(address) {
  try {
    sessionStorage.setItem(KEY, address);
  } catch {
    // as above
  }
}

async function open(address) {
  const mine = ++opened;
  remember(address);
  chat?.close();
  conversation?.close();
  conversation = null;
  chat = new Chat(chatPlace, { address, base: `${base}accounts/${encodeURIComponent(example.account)}/` });
  if (document.body.dataset.tab === "chat" || !matchMedia("(max-width: 56rem)").matches) chat.focus();
  const found = await conversationOf(address, mine);
  if (!found) return;
  run = found.run;
  lost = false;
  conversation = new Conversation(consolePlace, {
    base: `${base}console/`, conversation: found.id, flows: example.flows, told: news, connected: (yes) => connected(yes, address, mine),
  });
}

// The conversation's id is a keyed hash of the address, which only the server can make.
async function conversationOf(address, mine) {
  while (mine === opened) {
    try {
      const found = await (await fetch(`${base}demo/conversations/${encodeURIComponent(example.account)}/${encodeURIComponent(address)}`)).json();
      return mine === opened ? found : null;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  return null;
}

// A demo that was started anew has forgotten everything: so does the page.
async function connected(yes, address, mine) {
  if (!yes) lost = true;
  else if (lost) {
    lost = false;
    const found = await conversationOf(address, mine);
    if (found && found.run !== run) open(newAddress());
  }
}

// What happens behind a tab that is not shown is told by a dot on it.
function news(beat) {
  if (beat.kind !== "step" || document.body.dataset.tab !== "chat") return;
  for (const tab of tabs) tab.classList.toggle("news", tab.dataset.shows !== "chat");
}

function show(tab) {
  document.body.dataset.tab = tab.dataset.shows;
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
  }
  tab.classList.remove("news");
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const there = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (there === undefined) return;
    event.preventDefault();
    const next = tabs[(there + tabs.length) % tabs.length];
    show(next);
    next.focus();
  });
}

// The example chosen stands in the address of the page, so that it can be linked to and outlives a reload.
function named() {
  return examples.find((one) => one.folder === location.hash.slice(1)) ?? examples[0];
}

// Links into the office: what the flow has done there, the desks of its agents, and all else. Each opens in a tab of its own.
function showBehind() {
  const links = [
    ...Object.entries(example.agents).map(([user, name]) => ["desk", `${name}'s desk`, `?as=${encodeURIComponent(user)}`]),
    ...Object.entries(example.office).map(([page, title]) => [page, title, ""]),
    ["cases", "The whole office", ""],
  ].map(([page, title, as]) => {
    const link = document.createElement("a");
    link.href = `${base}demo/office/${page}${as}`;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = title;
    return link;
  });
  behind.replaceChildren("Behind the chat:", ...links);
}

function choose(address) {
  example = named();
  chooser.value = example.folder;
  hint.textContent = `${example.business}. ${example.hint}`;
  showBehind();
  document.title = `${example.title} · Smart routing: the demo`;
  open(address);
}

async function begin() {
  while (examples.length === 0) {
    try {
      examples = await (await fetch(`${base}demo/examples`)).json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  for (const one of examples) chooser.append(new Option(one.title, one.folder));
  chooser.addEventListener("change", () => { location.hash = chooser.value; });
  addEventListener("hashchange", () => { if (named() !== example) choose(newAddress()); });
  document.getElementById("start-over").addEventListener("click", () => open(newAddress()));
  choose(remembered() ?? newAddress());
}

begin();
