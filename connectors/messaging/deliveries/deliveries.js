// What WhatsApp and the SMS gateway told of messages, newest first.
import { api, channel, element, show, time } from "/office/office.js";

const GOOD = new Set(["delivered", "read"]);
const BAD = new Set(["failed", "undelivered", "canceled"]);

const main = document.getElementById("main");

function tag(status) {
  const kind = GOOD.has(status) ? "good" : BAD.has(status) ? "bad" : "";
  return element("span", { class: `tag ${kind}` }, status);
}

function row(delivery) {
  const cell = (label, kind, ...children) => element("td", { "data-label": label, class: kind }, ...children);
  const code = delivery.code === null ? null : element("span", { class: "faint" }, ` code ${delivery.code}`);
  return element("tr", {},
    cell("Reported", "time", time(delivery.at)),
    cell("Channel", "", channel(delivery.channel)),
    cell("Status", "", element("span", {}, tag(delivery.status), code)),
    cell("Command", "", element("code", {}, delivery.command_id)),
    cell("Id at the provider", "", element("code", {}, delivery.message_id)),
  );
}

function build() {
  const command = element("input", { name: "command", type: "search", autocomplete: "off", maxlength: 200 });
  const body = element("tbody");
  const none = element("p", { class: "faint", hidden: true }, "No provider has reported on a message yet.");

  async function load() {
    const wanted = command.value.trim();
    const found = wanted === "" ? (await api("/api/deliveries")).deliveries : [await api(`/api/deliveries/${encodeURIComponent(wanted)}`)];
    body.replaceChildren(...found.map(row));
    none.hidden = found.length > 0;
  }

  const search = (event) => {
    event?.preventDefault();
    load().catch(show);
  };
  main.replaceChildren(
    element("h1", {}, "Deliveries"),
    element("form", { class: "bar", onsubmit: search },
      element("label", { class: "grow" }, "Id of the command", command), element("button", { class: "primary" }, "Search")),
    element("div", { class: "scroll" },
      element("table", { class: "cards deliveries" },
        element("thead", {}, element("tr", {}, ["Reported", "Channel", "Status", "Command", "Id at the provider"].map((title) => element("th", { scope: "col" }, title)))),
        body)),
    none,
  );
  search();
}

build();
