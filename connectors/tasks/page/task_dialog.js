// A task's name, category and dates, to make one or to change one.
import { api, element, show } from "/office/office.js";

export function taskDialog(categories, task, saved) {
  const name = element("textarea", { required: true, maxlength: 10000, rows: 2 });
  const category = categories.length === 0
    ? element("input", { required: true, maxlength: 128, autocomplete: "off" })
    : element("select", { required: true }, categories.map((known) => element("option", {}, known)));
  const start = moment(task?.start_date);
  const end = moment(task?.end_date);
  name.value = task?.name ?? "";
  if (task !== null) category.value = task.category;
  const save = element("button", { class: "primary" }, task === null ? "Add the task" : "Save");
  const dialog = element("dialog", { onclose: () => dialog.remove() },
    element("form", { onsubmit: sent },
      element("h2", {}, task === null ? "New task" : "Change the task"),
      element("label", {}, "What has to be done", name),
      element("label", {}, "Category", category),
      element("label", {}, "From", start.input),
      element("label", {}, "Due", end.input),
      element("div", { class: "buttons" }, element("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"), save)));

  async function sent(event) {
    event.preventDefault();
    const body = { name: name.value, category: category.value, start_date: start.value(), end_date: end.value() };
    save.disabled = true;
    try {
      if (task === null) await api("/api/tasks", { method: "POST", body });
      else await api(`/api/tasks/${encodeURIComponent(task.id)}`, { method: "PATCH", body, headers: { "If-Match": `"${task.version}"` } });
      dialog.close();
      show("Saved.");
      saved();
    } catch (error) {
      save.disabled = false;
      dialog.close(); // what is said would be behind it
      show(error.status === 412 ? new Error("Somebody has changed this task meanwhile; look at it, and change it again.") : error);
      saved();
    }
  }

  document.body.append(dialog);
  dialog.showModal();
}

const two = (number) => String(number).padStart(2, "0");

// A time on the reader's clock; given back as it was where nobody has touched it, else with the reader's offset of that day.
function moment(given) {
  const before = given ? local(new Date(given)) : "";
  const input = element("input", { type: "datetime-local" });
  input.value = before;
  return { input, value: () => (input.value === before ? given ?? "" : instant(input.value)) };
}

function local(at) {
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function instant(text) {
  if (text === "") return "";
  const offset = -new Date(text).getTimezoneOffset();
  return `${text}:00${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}
