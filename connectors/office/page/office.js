// What every page of the office shares: the API with its token, elements made of text, and the frame with the navigation.
let session = null;

// Ask the API. Throws an Error whose message can be shown.
export async function api(path, { method = "GET", body, headers: more } = {}) {
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-CSRF-Token"] = (await who()).csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return answer(await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" }));
}

// Who is signed in; without anybody, the browser goes to the sign-in.
export async function who() {
  if (session === null) {
    const response = await fetch("/office/session", { credentials: "same-origin" });
    if (response.status === 401) return signIn();
    session = await answer(response);
  }
  return session;
}

async function answer(response) {
  if (response.status === 401) return signIn();
  const text = await response.text();
  let document_ = null;
  try {
    document_ = text === "" ? null : JSON.parse(text);
  } catch {
    throw new Error(`The office answered ${response.status}, and not as expected.`);
  }
  if (!response.ok) throw Object.assign(new Error(sentence(response, document_)), { status: response.status, fault: document_ });
  return document_;
}

function sentence(response, fault) {
  if (fault?.detail) return fault.detail;
  if (fault?.expected) return `${fault.error}: expected ${fault.expected}, found ${fault.found}`;
  return fault?.error ?? `The office answered ${response.status}.`;
}

function signIn() {
  location.assign(`/office/sign-in/?to=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
  return new Promise(() => {}); // the page is left
}

// Make an element. Children are elements or texts; a text never becomes markup. Attributes that are false or null are left out.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

// A time of the API (epoch ms, or ISO 8601) as the reader's locale writes it; nothing where there is none.
export function time(at) {
  if (at === null || at === undefined || at === "") return "";
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

// A day of the API (ISO 8601, such as 2026-12-10) as the reader's locale writes it; what is none stays as it is.
export function day(text) {
  const at = new Date(`${text ?? ""}T00:00`);
  return Number.isNaN(at.getTime()) ? text ?? "" : at.toLocaleDateString(undefined, { dateStyle: "medium" });
}

const CHANNELS = { web_chat: "web chat", whatsapp: "WhatsApp", sms: "SMS", voice: "voice" };

// A channel or medium in words.
export function channel(name) {
  return CHANNELS[name] ?? words(name);
}

// A reference of a definition, such as fulmar_care, in words.
export function words(reference) {
  return reference.replaceAll("_", " ");
}

// A customer's address, for people: who chats on the web has none but a long random one, whose beginning tells one from another.
export function customer(address) {
  const [, anonymous] = /^web-([0-9a-f]{6})[0-9a-f]{26}$/.exec(address ?? "") ?? [];
  return anonymous === undefined ? address ?? "" : element("span", { title: address }, `Web visitor ${anonymous}`);
}

// A share of a whole, as the reader's locale writes it; a dash where the whole is nothing.
export function share(part, whole) {
  return whole === 0 ? "–" : (part / whole).toLocaleString(undefined, { style: "percent" });
}

// "1 row", "2 rows", "1,000 rows".
export function many(number, noun) {
  return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

// Tell what went wrong, or what was done: `show(error)`, `show("Saved.")`.
export function show(said) {
  const wrong = said instanceof Error;
  const place = document.getElementById("said") ?? document.body.appendChild(element("div", { id: "said", role: "status", "aria-live": "polite" }));
  const line = element("p", { class: wrong ? "wrong" : "done" }, wrong ? said.message : said,
    element("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => line.remove() }, "×"));
  place.append(line);
  if (!wrong) setTimeout(() => line.remove(), 5000);
}

// Every page has <header id="office"></header>; the navigation is put there.
async function frame() {
  const header = document.getElementById("office");
  if (header === null) return;
  const { name, pages } = await who();
  if (location.pathname === "/office/" && pages.length > 0) return location.replace(pages[0].path); // its page is for those who have none
  const here = (path) => (location.pathname.startsWith(path) ? "page" : null);
  // Where there is little room, the pages are behind a button.
  const menu = element("button", { type: "button", id: "menu", "aria-expanded": "false", "aria-controls": "pages", onclick: () => {
    menu.setAttribute("aria-expanded", String(header.classList.toggle("unfolded")));
  } }, element("span", { "aria-hidden": "true" }, "☰"), "Menu");
  header.replaceChildren(
    element("a", { class: "skip", href: "#main" }, "Skip to the page"),
    element("strong", {}, "Smart routing"),
    menu,
    element("nav", { id: "pages", "aria-label": "Office" }, pages.map(({ path, title }) => element("a", { href: path, "aria-current": here(path) }, title))),
    element("span", { class: "who" }, name),
    element("button", { type: "button", id: "sign-out", class: "plain", onclick: signOut }, "Sign out"),
  );
}

async function signOut() {
  try {
    await api("/office/session", { method: "DELETE" });
  } finally {
    location.assign("/office/sign-in/");
  }
}

frame().catch(show);
