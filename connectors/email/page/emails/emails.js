// Outgoing e-mails: found, listed, opened.
import { api, element, show, time } from "/office/office.js";

const rows = document.getElementById("emails");
const more = document.getElementById("more");
const none = document.getElementById("none");
const dialog = document.getElementById("email");
const search = document.getElementById("search");
let after = null;
let turn = 0; // what an earlier search asked for must not be shown in a later one

async function load() {
  const mine = ++turn;
  const query = new URLSearchParams(new FormData(search));
  if (after !== null) query.set("after", after);
  const found = await api(`/api/emails?${query}`);
  if (mine !== turn) return;
  rows.append(...found.emails.map(row));
  none.hidden = rows.children.length > 0;
  after = found.next;
  more.hidden = after === null;
}

function row(email) {
  const cell = (label, ...children) => element("td", { "data-label": label }, ...children);
  return element("tr", {}, cell("Sent", time(email.sent_at)),
    cell("Subject", element("button", { type: "button", class: "link", onclick: () => open(email.id).catch(show) }, email.subject || "(no subject)")),
    cell("To", email.recipients.to.join(", ")), cell("Queue", email.queue ?? ""), cell("State", state(email)));
}

function state({ accepted, refused, unknown }) {
  if (unknown.length > 0) return element("span", { class: "tag bad" }, "unknown");
  if (refused.length > 0) return element("span", { class: "tag warn" }, `${accepted.length} sent, ${refused.length} refused`);
  return element("span", { class: "tag good" }, "sent");
}

async function open(id) {
  const email = await api(`/api/emails/${encodeURIComponent(id)}`);
  const line = (name, value) => (value ? [element("dt", {}, name), element("dd", {}, value)] : []);
  dialog.replaceChildren(
    element("h2", {}, email.subject || "(no subject)"), state(email),
    element("dl", {}, line("Sent", time(email.sent_at)), line("To", email.recipients.to.join(", ")), line("Cc", email.recipients.cc.join(", ")),
      line("Bcc", email.recipients.bcc.join(", ")), line("Refused", email.refused.join(", ")), line("Not known whether sent", email.unknown.join(", ")),
      line("Mailbox", email.mailbox), line("Queue", email.queue), line("Template", email.template), line("Flow", `${email.flow}, action ${email.action}`),
      line("Conversation", email.conversation_id), line("Message-Id", email.message_id)),
    email.html ? element("iframe", { sandbox: "", src: `/api/emails/${encodeURIComponent(id)}/html`, title: "The e-mail's HTML" }) : element("pre", {}, email.text),
    element("div", { class: "buttons" }, element("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
}

function begin() {
  after = null;
  rows.replaceChildren();
  return load();
}

search.addEventListener("submit", (event) => {
  event.preventDefault();
  begin().catch(show);
});
more.addEventListener("click", () => load().catch(show));
await begin().catch(show);
