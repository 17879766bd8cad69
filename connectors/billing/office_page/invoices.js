// Invoices: found, listed, opened with their payments, written.
import { api, day, element, show, time } from "/office/office.js";

const FIELDS = [["number", "Number"], ["amount", "Amount"], ["currency", "Currency"], ["status", "Status"], ["customer_number", "Customer number"], ["name", "Name"],
  ["email", "E-mail"], ["mobile_phone", "Mobile phone"], ["landline_phone", "Landline"], ["issued_on", "Issued on"], ["due_on", "Due on"]];
const NEEDED = new Set(["number", "amount", "currency"]);
const rows = document.getElementById("invoices");
const more = document.getElementById("more");
const none = document.getElementById("none");
const dialog = document.getElementById("invoice");
const search = document.getElementById("search");
let after = null;

async function load() {
  const query = new URLSearchParams(new FormData(search));
  if (after !== null) query.set("after", after);
  const found = await api(`/api/invoices?${query}`);
  rows.append(...found.invoices.map(row));
  none.hidden = rows.children.length > 0;
  after = found.next;
  more.hidden = after === null;
}

function row(invoice) {
  const cell = (label, ...children) => element("td", { "data-label": label }, ...children);
  return element("tr", {}, cell("Number", element("button", { type: "button", class: "link", onclick: () => open(invoice).catch(show) }, invoice.number)),
    cell("Customer", invoice.name ?? invoice.customer_number ?? ""), element("td", { "data-label": "Amount", class: "number" }, money(invoice)),
    cell("Due", day(invoice.due_on)), cell("Status", tag(invoice.status)));
}

// The amount is given as its decimal text, never as a number, which would be rounded.
function money({ amount, currency }) {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
}

function tag(status) {
  return element("span", { class: `tag ${status === "paid" ? "good" : ["open", "reminded"].includes(status) ? "warn" : ""}` }, status);
}

async function open(invoice) {
  const { payments } = await api(`/api/payments?invoice=${encodeURIComponent(invoice.id)}`);
  const list = payments.map((payment) => element("li", {}, `${time(payment.begun_at)}: ${money(payment)}, ${payment.state}`
    + `${payment.outcome ? ` (${payment.outcome}${payment.reason ? `, ${payment.reason}` : ""})` : ""}, ${payment.module}, ${payment.mode}${payment.sandbox ? ", sandbox" : ""}`));
  edit(invoice, element("h2", {}, "Payments"), list.length > 0 ? element("ul", {}, list) : element("p", { class: "faint" }, "There has been none."));
}

function edit(invoice, ...beside) {
  const form = element("form", {},
    element("h2", {}, invoice ? `Invoice ${invoice.number}` : "New invoice"),
    element("div", { class: "fields" }, FIELDS.map(([name, label]) => element("label", {}, element("span", { class: NEEDED.has(name) ? "needed" : null }, label),
      element("input", { name, value: invoice?.[name] ?? (name === "status" ? "open" : ""), required: NEEDED.has(name), type: name.endsWith("_on") ? "date" : "text", maxlength: 320 })))),
    element("div", { class: "buttons" }, element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), element("button", { class: "primary" }, "Save")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(invoice, Object.fromEntries(new FormData(form))).catch(show);
  });
  dialog.replaceChildren(form, ...beside);
  dialog.showModal();
}

async function save(invoice, given) {
  if (invoice) await change(invoice, given);
  else await api("/api/invoices", { method: "POST", body: given });
  dialog.close();
  show("Saved.");
  await begin();
}

function change(invoice, body) {
  return api(`/api/invoices/${encodeURIComponent(invoice.id)}`, { method: "PUT", body, headers: { "If-Match": `"${invoice.version}"` } });
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
document.getElementById("new").addEventListener("click", () => edit(null));
more.addEventListener("click", () => load().catch(show));
await begin().catch(show);
