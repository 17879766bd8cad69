// Texts that were outgoing interactions, newest first, and what became of them.
import { api, element, show, time } from "/office/office.js";

const STATUSES = {
  asked: ["asked for", ""],
  accepted: ["with the gateway", ""],
  scheduled: ["with the gateway", ""],
  queued: ["with the gateway", ""],
  sending: ["on its way", ""],
  sent: ["sent", ""],
  delivered: ["delivered", "good"],
  read: ["read", "good"],
  undelivered: ["not delivered", "bad"],
  failed: ["failed", "bad"],
  canceled: ["cancelled", "warn"],
  refused: ["refused", "bad"],
};
const REASONS = {
  refused: "the gateway refused it", unreachable: "no gateway is configured", too_long: "too long", invalid_sender: "not a sender of ours", not_mobile: "no mobile phone",
  timeout: "too late",
};

const main = document.getElementById("main");
let turn = 0; // what an earlier search asked for must not be shown in a later one

function tag(text) {
  const [words, kind] = STATUSES[text.status] ?? [text.status, ""];
  const reason = text.reason === null ? null : element("span", { class: "faint" }, ` ${REASONS[text.reason] ?? `code ${text.reason}`}`);
  return element("span", {}, element("span", { class: `tag ${kind}` }, words), reason);
}

function row(text) {
  const cell = (label, kind, ...children) => element("td", { "data-label": label, class: kind }, ...children);
  return element("tr", {},
    cell("Asked", "time", time(text.asked_at)),
    cell("From", "phone", text.sender),
    cell("To", "phone", text.recipient),
    cell("Text", "text", element("span", { dir: "auto" }, text.text)),
    cell("Segments", "number", text.segments),
    cell("Template", "", text.template),
    cell("Status", "", tag(text)),
  );
}

function query(filter, after) {
  const given = Object.entries({ ...filter, after: after ?? "", limit: "50" }).filter(([, value]) => value);
  return `/api/sms?${new URLSearchParams(given)}`;
}

function build() {
  const recipient = element("input", { name: "recipient", type: "tel", autocomplete: "off", placeholder: "+33612345678" });
  const status = element("select", { name: "status" }, element("option", { value: "" }, "All"),
    Object.entries(STATUSES).map(([value, [words]]) => element("option", { value }, words === "with the gateway" ? `${words} (${value})` : words)));
  const body = element("tbody");
  const none = element("p", { class: "faint", hidden: true }, "There is no text yet.");
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  let after = null;

  async function load(fresh) {
    const mine = ++turn;
    const { texts, next } = await api(query({ recipient: recipient.value.trim(), status: status.value }, fresh ? null : after));
    if (mine !== turn) return;
    if (fresh) body.replaceChildren();
    body.append(...texts.map(row));
    after = next;
    more.hidden = next === null;
    none.hidden = body.children.length > 0;
    none.textContent = recipient.value.trim() || status.value ? "There is no such text." : "There is no text yet.";
  }

  const search = (event) => {
    event?.preventDefault();
    load(true).catch(show);
  };
  more.addEventListener("click", () => load(false).catch(show));
  status.addEventListener("change", search);
  main.replaceChildren(
    element("h1", {}, "Texts"),
    element("form", { class: "bar", onsubmit: search },
      element("label", {}, "To", recipient), element("label", {}, "Status", status), element("button", { class: "primary" }, "Search")),
    element("div", { class: "scroll" },
      element("table", { class: "cards texts" },
        element("thead", {}, element("tr", {}, ["Asked", "From", "To", "Text", "Segments", "Template", "Status"].map((title) => element("th", { scope: "col", class: title === "Segments" ? "number" : null }, title)))),
        body)),
    none, more,
  );
  search();
}

build();
