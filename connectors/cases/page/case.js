// One case: what it holds, as a form; its customer, its interactions and its history.
import { api, channel, customer as customerName, element, show, time } from "/office/office.js";
import { fieldInput } from "./field.js";

const path = (reference) => `/api/cases/${encodeURIComponent(reference)}`;
const valueOf = (found, name) => (name === "title" || name === "status" ? found[name] : found.fields[name] ?? "");

export async function caseView(reference) {
  const place = element("div");
  await fill(place, reference, {});
  return [place];
}

async function fill(place, reference, kept) {
  const found = await api(path(reference));
  const inputs = found.declared.map((field) => {
    const input = fieldInput(field, kept[field.name] ?? valueOf(found, field.name));
    if (field.name in kept) input.input.classList.add("kept");
    return input;
  });
  const before = Object.fromEntries(found.declared.map(({ name }) => [name, valueOf(found, name)]));
  const save = element("button", { class: "primary" }, "Save");
  const form = element("form", { class: "card stack", onsubmit: saved }, element("div", { class: "fields" }, inputs.map(({ label }) => label)), save);
  const gone = Object.entries(found.fields).filter(([name]) => !(name in before));

  async function saved(event) {
    event.preventDefault();
    const changes = Object.fromEntries(inputs.map((input) => [input.name, input.value()]).filter(([name, value]) => value !== before[name]));
    if (Object.keys(changes).length === 0) return show("There is nothing to save.");
    const { title, status, ...fields } = changes;
    save.disabled = true;
    try {
      await api(path(reference), { method: "PATCH", body: { title, status, fields }, headers: { "If-Match": `"${found.version}"` } });
      await fill(place, reference, {});
      show("Saved.");
    } catch (error) {
      if (error.status === 412) await again(changes);
      else show(error);
    } finally {
      save.disabled = false;
    }
  }

  async function again(changes) {
    await fill(place, reference, changes);
    show(new Error("Somebody has changed this case meanwhile. What you have changed is marked and not saved: look at it, and save again."));
  }

  place.replaceChildren(
    element("p", {}, element("a", { href: "#" }, "← All cases")),
    element("h1", {}, `${found.reference} `, found.status === "" ? null : element("span", { class: "tag" }, found.status)),
    element("p", {}, found.title),
    element("div", { class: "columns" },
      element("div", { class: "stack" }, form, gone.length === 0 ? null : element("dl", { class: "card" }, gone.flatMap(pair))),
      element("div", {}, facts(found), element("h2", {}, "History"), await history(found.reference))));
}

function facts(found) {
  const customer = found.customer;
  return element("dl", { class: "card" }, [
    ["Type", found.type_name],
    ["Customer", customer === null ? "" : customerName(customer.address)],
    ["Channel", customer === null ? "" : `${channel(customer.channel)}, account ${customer.account}`],
    ["Opened", time(found.opened_at)],
    ["Changed", time(found.changed_at)],
    ["Interactions", String(found.interactions.length)],
  ].filter(([, value]) => value !== "").flatMap(pair));
}

const pair = ([name, value]) => [element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, value)];

async function history(reference) {
  const entries = element("ol", { class: "history" });
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  async function load(after) {
    const { history: found, next } = await api(`${path(reference)}/history?${new URLSearchParams({ after: after ?? "", limit: "20" })}`);
    entries.append(...found.map(entry));
    more.hidden = next === null;
    more.onclick = () => load(next).catch(show);
  }
  await load();
  return element("div", {}, entries, more);
}

function entry({ at, who, name, did, changes, interaction }) {
  const actor = who === "flow" ? `flow ${name}` : name;
  const lines = Object.entries(changes ?? {}).map(([field, [old, now]]) =>
    element("li", {}, `${field.replaceAll("_", " ")}: `, old === "" ? null : [element("del", {}, short(old)), " → "], element("ins", {}, now === "" ? "nothing" : short(now))));
  return element("li", {}, element("div", { class: "faint" }, `${time(at)}, ${actor}`),
    interaction === undefined ? did : `${did}: ${interaction}`, lines.length === 0 ? null : element("ul", {}, lines));
}

const short = (text) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
