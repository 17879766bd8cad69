// The outbox: what came is set as text; HTML is shown only in an iframe that may do nothing.
import { api, element, show, time } from "/office/office.js";

const LOOK_MS = 3000;
const list = document.getElementById("messages");
const place = document.getElementById("message");
let open = null;
let known = "";

async function look() {
  const { messages } = await api("/api/outbox");
  const now = JSON.stringify([messages.map(({ id }) => id), open]);
  if (now === known) return;
  known = now;
  list.replaceChildren(...messages.map(entry));
  if (messages.length === 0) list.replaceChildren(element("p", { class: "faint" }, "Nothing has been sent yet."));
  if (open === null && messages.length > 0) await choose(messages[0].id);
  if (messages.length === 0) place.replaceChildren(element("p", { class: "faint" }, "A message that you choose is shown here."));
}

function entry({ id, at, to, subject }) {
  return element("button", { type: "button", "aria-current": String(id === open), onclick: () => choose(id).catch(show) },
    element("b", {}, subject || "(no subject)"), element("small", {}, to.join(", ")), element("small", {}, time(at)));
}

async function choose(id) {
  const message = await api(`/api/outbox/${id}`);
  open = id;
  known = "";
  const body = element("div", {});
  const views = [
    ...(message.html ? [["HTML", () => element("iframe", { sandbox: "", src: `/api/outbox/${id}/html`, title: "The message's HTML" })]] : []),
    ["Text", () => element("pre", {}, message.text || "(no text)")],
    ["Headers", () => element("div", { class: "headers" }, element("pre", {}, message.headers.map(([name, value]) => `${name}: ${value}`).join("\n")))],
  ];
  const tabs = views.map(([name, view]) => element("button", { type: "button", onclick: (event) => turn(event.currentTarget, view) }, name));
  function turn(tab, view) {
    for (const other of tabs) other.setAttribute("aria-pressed", String(other === tab));
    body.replaceChildren(view());
  }
  place.replaceChildren(
    element("h2", {}, message.subject || "(no subject)"),
    element("dl", {}, element("dt", {}, "From"), element("dd", {}, message.sender), element("dt", {}, "To"), element("dd", {}, message.to.join(", ")),
      element("dt", {}, "Sent"), element("dd", {}, time(message.at))),
    element("div", { class: "tabs" }, tabs), body);
  turn(tabs[0], views[0][1]);
  await look();
}

document.getElementById("clear").addEventListener("click", () =>
  api("/api/outbox", { method: "DELETE" }).then(() => { open = null; return look(); }).catch(show));

await look().catch(show);
setInterval(() => look().catch(() => {}), LOOK_MS);
