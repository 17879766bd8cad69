// The page of cases: the list, one case (#C-2026-000123), or a new one (#new).
import { api, customer, element, show, time } from "/office/office.js";
import { caseView } from "./case.js";
import { newCaseView } from "./new_case.js";

const main = document.getElementById("main");
const filters = { q: "", type: "", status: "" };
let types = null;

async function shown() {
  try {
    types ??= (await api("/api/case_types")).types;
    const place = decodeURIComponent(location.hash.slice(1));
    if (place === "") return await listView();
    main.replaceChildren(...(await (place === "new" ? newCaseView(types) : caseView(place))));
    document.title = place === "new" ? "New case" : `Case ${place}`;
  } catch (error) {
    main.replaceChildren(element("p", {}, element("a", { href: "#" }, "← All cases")));
    show(error);
  }
}

async function listView() {
  document.title = "Cases";
  const rows = element("tbody");
  const nothing = element("p", { class: "faint", hidden: true });
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  let asked = 0;

  async function load(after) {
    const mine = ++asked; // an answer that comes after a later question is not shown
    const query = new URLSearchParams({ ...filters, after: after ?? "", limit: "50" });
    const { cases, next } = await api(`/api/cases?${query}`);
    if (mine !== asked) return;
    if (after === undefined) rows.replaceChildren();
    rows.append(...cases.map(row));
    nothing.hidden = rows.childElementCount > 0;
    nothing.textContent = Object.values(filters).some((value) => value !== "") ? "There is no such case." : "There is no case yet.";
    more.hidden = next === null;
    more.onclick = () => load(next).catch(show);
  }

  function filter(name, input) {
    input.value = filters[name];
    let waiting;
    input.addEventListener("input", () => {
      filters[name] = input.value.trim();
      clearTimeout(waiting);
      waiting = setTimeout(() => load().catch(show), 200);
    });
    return input;
  }

  const known = types.flatMap((type) => type.fields.find((field) => field.name === "status").choices);
  main.replaceChildren(
    element("h1", {}, "Cases"),
    element("form", { class: "bar", role: "search", onsubmit: (event) => event.preventDefault() },
      element("label", { class: "grow" }, "Search", filter("q", element("input", { type: "search", placeholder: "Reference, title or customer", maxlength: 200 }))),
      element("label", {}, "Type", filter("type", element("select", {}, element("option", { value: "" }, "All"), types.map((type) => element("option", { value: type.reference }, type.name))))),
      element("label", {}, "Status", filter("status", element("input", { list: "statuses", maxlength: 200, autocomplete: "off" }))),
      element("datalist", { id: "statuses" }, [...new Set(known)].map((status) => element("option", { value: status }))),
      element("button", { type: "button", class: "primary push", onclick: () => { location.hash = "new"; } }, "New case")),
    element("div", { class: "scroll" }, element("table", { class: "cards cases" },
      element("thead", {}, element("tr", {}, ["Reference", "Title", "Status", "Type", "Customer", "Opened"].map((title) => element("th", { scope: "col" }, title)))),
      rows)),
    nothing,
    more,
  );
  await load();
}

function row(found) {
  const type = types.find((known) => known.reference === found.type)?.name ?? found.type;
  return element("tr", {},
    element("td", {}, element("a", { class: "reference", href: `#${encodeURIComponent(found.reference)}` }, found.reference)),
    element("td", {}, found.title),
    element("td", { "data-label": "Status" }, found.status === "" ? null : element("span", { class: "tag" }, found.status)),
    element("td", { "data-label": "Type" }, type),
    element("td", { "data-label": "Customer" }, customer(found.customer?.address)),
    element("td", { "data-label": "Opened", class: "time" }, time(found.opened_at)));
}

addEventListener("hashchange", shown);
shown();
