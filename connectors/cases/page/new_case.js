// A case that somebody of the staff opens.
import { api, element, show } from "/office/office.js";
import { fieldInput } from "./field.js";

export function newCaseView(types) {
  if (types.length === 0) return [back(), element("p", {}, "There is no case type yet: publish a definition of kind case_type.")];
  const select = element("select", { onchange: typed }, types.map((type) => element("option", { value: type.reference }, type.name)));
  const fields = element("div", { class: "fields" });
  const customer = Object.fromEntries([["channel", "Channel, such as sms"], ["account", "Account on the channel"], ["address", "Address on the channel"]]
    .map(([name, title]) => [name, { title, input: element("input", { autocomplete: "off", maxlength: 512 }) }]));
  const open = element("button", { class: "primary" }, "Open the case");
  let inputs = [];

  function typed() {
    const type = types.find(({ reference }) => reference === select.value);
    inputs = type.fields.map((field) => fieldInput({ ...field, required: field.required || field.name === "title" }, field.name === "status" ? field.choices[0] ?? "open" : ""));
    fields.replaceChildren(...inputs.map(({ label }) => label));
  }

  async function opened(event) {
    event.preventDefault();
    const { title, status, ...own } = Object.fromEntries(inputs.map((input) => [input.name, input.value()]));
    const about = Object.fromEntries(Object.entries(customer).map(([name, { input }]) => [name, input.value.trim()]));
    const body = { type: select.value, title, status, fields: own, customer: Object.values(about).some((part) => part !== "") ? about : null };
    open.disabled = true;
    try {
      location.hash = encodeURIComponent((await api("/api/cases", { method: "POST", body })).reference);
    } catch (error) {
      open.disabled = false;
      show(error);
    }
  }

  typed();
  return [
    back(),
    element("h1", {}, "New case"),
    element("form", { class: "card stack", onsubmit: opened },
      element("div", { class: "fields" }, element("label", { class: "wide" }, "Type", select)),
      fields,
      element("h2", {}, "Customer (optional)"),
      element("div", { class: "fields" }, Object.values(customer).map(({ title, input }) => element("label", {}, title, input))),
      open),
  ];
}

const back = () => element("p", {}, element("a", { href: "#" }, "← All cases"));
