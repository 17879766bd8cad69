// An input for a declared field: it shows a canonical text, and gives one back.
import { day, element, time } from "/office/office.js";

const KINDS = { date: "date", email: "email", phone: "tel", image: "url", date_and_time: "datetime-local" };
const HINTS = { number: "such as 1234.5", phone: "such as +33612345678", image: "https://…" };

export function fieldInput({ name, type, required, choices }, value) {
  const input = made(type, choices, value);
  const shown = input.value; // not always what was set: browsers trim, and leave out what they cannot show
  const label = element("label", { class: input.tagName === "TEXTAREA" ? "wide" : null },
    element("span", { class: required ? "needed" : null }, name.replaceAll("_", " ")), input);
  input.name = name;
  return { name, label, input, value: () => (input.value === shown ? value : type === "date_and_time" ? instant(input.value) : input.value) };
}

function made(type, choices, value) {
  const options = { list: choices.map((choice) => [choice, choice]), boolean: [["true", "yes"], ["false", "no"]] }[type];
  if (options !== undefined) {
    const gone = value !== "" && !options.some(([choice]) => choice === value) ? [[value, value]] : []; // declared no more, and still there
    const select = element("select", {}, [["", "–"], ...options, ...gone].map(([choice, text]) => element("option", { value: choice }, text)));
    select.value = value;
    return select;
  }
  const long = type === "long_text" || value.includes("\n");
  const input = long
    ? element("textarea", { rows: 4 })
    : element("input", { type: KINDS[type] ?? "text", placeholder: HINTS[type], autocomplete: "off",
      inputmode: type === "number" ? "decimal" : null, step: type === "date_and_time" ? 1 : null });
  input.value = type === "date_and_time" ? local(value) : value;
  return input;
}

// What a person reads: a time by the reader's clock, a truth value as a word.
export function shown(type, value) {
  if (value === "") return "";
  if (type === "date_and_time") return time(value);
  if (type === "date") return day(value);
  if (type === "boolean") return { true: "yes", false: "no" }[value] ?? value;
  return value;
}

const two = (number) => String(number).padStart(2, "0");

function local(value) {
  if (value === "") return "";
  const at = new Date(value);
  const day = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// With the reader's offset of that day.
function instant(text) {
  if (text === "") return "";
  const offset = -new Date(text).getTimezoneOffset();
  const minutes = Math.abs(offset);
  return `${text}${text.length === 16 ? ":00" : ""}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
