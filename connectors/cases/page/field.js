// An input for a declared field: it shows a canonical text, and gives one back.
import { element } from "/office/office.js";

const KINDS = { date: "date", email: "email", phone: "tel", image: "url" };
const HINTS = { number: "such as 1234.5", phone: "such as +33612345678", image: "https://…" };

export function fieldInput({ name, type, required, choices }, value) {
  const input = made(type, choices, value);
  const label = element("label", { class: wide(type, value) ? "wide" : null }, element("span", { class: required ? "needed" : null }, name.replaceAll("_", " ")), input);
  input.name = name;
  input.setAttribute("data-field", name);
  const shown = input.value; // not always what was set: browsers trim, and leave out seconds
  return { name, label, input, value: () => (input.value === shown ? value : type === "date_and_time" ? instant(input.value) : input.value) };
}

function made(type, choices, value) {
  const options = { list: choices.map((choice) => [choice, choice]), boolean: [["true", "yes"], ["false", "no"]] }[type];
  if (options !== undefined) {
    // What is there and is no longer declared stays what it is, until somebody chooses.
    const gone = value !== "" && !options.some(([choice]) => choice === value) ? [[value, value]] : [];
    const select = element("select", {}, [["", "–"], ...options, ...gone].map(([choice, text]) => element("option", { value: choice }, text)));
    select.value = value;
    return select;
  }
  if (wide(type, value)) {
    const area = element("textarea", { rows: 4 });
    area.value = value;
    return area;
  }
  const kind = type === "date_and_time" ? "datetime-local" : KINDS[type] ?? "text";
  const input = element("input", { type: kind, placeholder: HINTS[type], inputmode: type === "number" ? "decimal" : null, autocomplete: "off", step: kind === "datetime-local" ? 1 : null });
  input.value = kind === "datetime-local" ? local(value) : value;
  return input;
}

const wide = (type, value) => type === "long_text" || (type === "text" && value.includes("\n"));
const two = (number) => String(number).padStart(2, "0");

// A time with its offset, as the reader's clock shows it; and back, with the reader's offset of that day.
export function local(value) {
  if (value === "") return "";
  const at = new Date(value);
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function instant(text) {
  if (text === "") return "";
  const offset = -new Date(text).getTimezoneOffset();
  const seconds = text.length === 16 ? ":00" : "";
  return `${text}${seconds}${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}
