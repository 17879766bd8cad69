// The page of a family's records: a collection to choose, its records, the newest first. #n is the n-th collection's address.
import { api, element, many, show, who } from "/office/office.js";
import { shown } from "./field.js";
import { recordDialog } from "./record_dialog.js";

const main = document.getElementById("main");
const LIST = `/api${location.pathname.replace(/\/$/, "")}`;
const LABELS = { row: "Database", card: "Directory" };
const SHORT = 24; // characters of a value that is not broken into lines
const LONG = 160;

async function page() {
  const { title, noun, collections } = await api(LIST);
  document.title = title;
  if (collections.length === 0) {
    main.replaceChildren(element("h1", {}, title), element("p", { class: "faint" }, `There are no ${noun}s: no definition that holds any is published.`));
    return;
  }
  const place = decodeURIComponent(location.hash.slice(1));
  const collection = collections.find(({ path }) => path === place) ?? collections[0];
  collectionView(title, noun, collections, collection);
}

function collectionView(title, noun, collections, collection) {
  const choice = element("select", { id: "collection", onchange: () => { location.hash = encodeURIComponent(choice.value); } },
    collections.map(({ path, name }) => element("option", { value: path, selected: path === collection.path }, name)));
  const search = element("input", { type: "search", id: "search", placeholder: "Text in any value", maxlength: 200 });
  const count = element("span", { class: "faint", id: "count" });
  const rows = element("tbody");
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  const nothing = element("p", { class: "faint", hidden: true });
  const file = element("input", { type: "file", accept: ".csv,text/csv", id: "file", hidden: true, onchange: imported });
  let asked = 0;

  async function load(before) {
    const mine = ++asked; // an answer that comes after a later question is not shown
    const query = new URLSearchParams({ q: search.value.trim(), before: before ?? "", limit: "50" });
    const found = await api(`${collection.path}?${query}`);
    if (mine !== asked) return;
    if (before === undefined) rows.replaceChildren();
    rows.append(...found.records.map(row));
    nothing.hidden = rows.childElementCount > 0;
    nothing.textContent = search.value.trim() === "" ? `There is no ${noun} yet.` : `There is no such ${noun}.`;
    more.hidden = found.before === null;
    more.onclick = () => load(found.before).catch(show);
  }

  async function again() {
    const known = (await api(LIST)).collections.find(({ path }) => path === collection.path);
    count.textContent = many((known ?? collection).count, noun);
    await load();
  }

  function row(record) {
    const open = () => recordDialog(collection, noun, record, again).catch(show);
    const cells = collection.fields.map(({ name, type }) => cell(name, type, record.values[name]));
    const button = element("button", { type: "button", class: "link open", "aria-label": `Open ${noun} ${record.id}` }, record.id);
    return element("tr", { onclick: open }, element("td", { "data-label": "No." }, button), cells);
  }

  async function imported() {
    if (file.files.length === 0) return;
    const headers = { "Content-Type": "text/csv", "X-CSRF-Token": (await who()).csrf };
    try {
      const response = await fetch(`${collection.path}.csv`, { method: "POST", headers, body: file.files[0], credentials: "same-origin" });
      const said = await response.json();
      if (!response.ok) throw new Error(said.detail ?? `${said.error}: expected ${said.expected}, found ${said.found}`);
      show(`${many(said.added, noun)} added.`);
      await again();
    } catch (error) {
      show(error);
    } finally {
      file.value = "";
    }
  }

  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => load().catch(show), 250);
  });
  main.replaceChildren(
    element("h1", {}, title),
    element("div", { class: "bar" },
      element("label", {}, LABELS[noun] ?? "Collection", choice),
      element("label", { class: "grow" }, "Search", search),
      count),
    element("div", { class: "bar middle" },
      element("button", { type: "button", class: "primary", id: "new", onclick: () => recordDialog(collection, noun, null, again).catch(show) }, `New ${noun}`),
      element("button", { type: "button", id: "import", onclick: () => file.click() }, "Import CSV"),
      element("a", { class: "button", href: `${collection.path}.csv`, download: "records.csv" }, "Export CSV"), file),
    element("div", { class: "scroll" }, element("table", { class: "cards" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "No."),
        collection.fields.map(({ name, type }) => element("th", { scope: "col", class: type === "number" ? "number" : null }, titled(name))))), rows)),
    nothing, more);
  again().catch(show);
}

// A field's name as the title of its column.
const titled = (name) => `${name[0].toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;

function cell(name, type, value) {
  const text = shown(type, value);
  const label = titled(name);
  if (type === "list" && text !== "") return element("td", { "data-label": label }, element("span", { class: "tag" }, text));
  const kind = type === "number" ? "number" : text.length > SHORT ? "wraps" : null;
  return element("td", { class: kind, "data-label": label }, text.length > LONG ? element("div", { class: "long", title: text.slice(0, 1000) }, text) : text);
}

window.addEventListener("hashchange", () => page().catch(show));
page().catch(show);
