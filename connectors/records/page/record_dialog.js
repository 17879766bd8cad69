// One record: a form to add it, or to change or remove it.
import { api, element, show, time } from "/office/office.js";
import { fieldInput } from "./field.js";

export async function recordDialog(collection, noun, record, done) {
  const found = record === null ? null : await api(`${collection.path}/${record.id}`);
  const before = Object.fromEntries(collection.fields.map(({ name }) => [name, found?.values[name] ?? ""]));
  const inputs = collection.fields.map((field) => fieldInput(field, before[field.name]));
  const wrong = element("p", { class: "wrong", role: "alert", hidden: true });
  const save = element("button", { class: "primary" }, found === null ? `Add the ${noun}` : "Save");
  const remove = found === null ? null : element("button", { type: "button", class: "danger push", onclick: removed }, "Delete");
  const dialog = element("dialog", { "aria-labelledby": "record-title", onclose: () => dialog.remove() },
    element("h2", { id: "record-title" }, found === null ? `New ${noun}` : `${noun[0].toUpperCase()}${noun.slice(1)} ${found.id}`),
    element("form", { onsubmit: saved }, element("div", { class: "fields" }, inputs.map(({ label }) => label)), wrong, about(found),
      element("div", { class: "buttons" }, remove, element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), save)));

  async function saved(event) {
    event.preventDefault();
    const values = Object.fromEntries(inputs.map((input) => [input.name, input.value()]).filter(([name, value]) => value !== before[name]));
    if (found !== null && Object.keys(values).length === 0) return dialog.close();
    await asked(() => found === null
      ? api(collection.path, { method: "POST", body: { values } })
      : api(`${collection.path}/${found.id}`, { method: "PATCH", body: { values }, headers: tag() }), found === null ? "Added." : "Saved.");
  }

  async function removed() {
    if (remove.dataset.sure === undefined) {
      remove.dataset.sure = "";
      remove.textContent = "Delete for good?";
      return;
    }
    await asked(() => api(`${collection.path}/${found.id}`, { method: "DELETE", headers: tag() }), "Deleted.");
  }

  const tag = () => ({ "If-Match": `"${found.version}"` });

  async function asked(question, said) {
    save.disabled = true;
    try {
      await question();
      dialog.close();
      show(said);
      await done();
    } catch (error) {
      wrong.textContent = error.status === 412 ? "Somebody has changed it meanwhile. Close this and look again." : error.message;
      wrong.hidden = false;
    } finally {
      save.disabled = false;
    }
  }

  document.body.append(dialog);
  dialog.showModal();
}

function about(found) {
  if (found === null) return null;
  const interactions = found.interactions ?? [];
  return element("div", {},
    element("p", { class: "faint" }, `Added ${time(found.added_at)}, changed ${time(found.changed_at)}.`),
    interactions.length === 0 ? null : element("div", {}, element("strong", {}, "Interactions"),
      element("ul", {}, interactions.map(({ interaction_id, associated_at }) => element("li", {}, `${interaction_id}, ${time(associated_at)}`)))));
}
