// The page of tasks: what is to be done, in the order in which it is due, and what is done.
import { api, customer, element, show, time } from "/office/office.js";
import { taskDialog } from "./task_dialog.js";

const main = document.getElementById("main");
const STATES = { "": "To do", overdue: "Overdue", open: "Open", waiting: "Not begun", done: "Done" };
const TAGS = { overdue: ["bad", "overdue"], open: ["", "open"], waiting: ["warn", "not begun"], done: ["good", "done"] };
const filters = { state: "", q: "", category: "" };

// Who made a task: a flow and its version, or somebody of the staff, whose name may look alike.
function maker(name) {
  const [, flow, version] = /^(\S+) (\d+)$/.exec(name) ?? [];
  return flow === undefined ? name : `flow ${flow}, version ${version}`;
}

async function page() {
  const { categories } = await api("/api/task_categories");
  const rows = element("tbody");
  const nothing = element("p", { class: "faint", hidden: true });
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  let asked = 0;

  async function load(after) {
    const mine = ++asked; // an answer that comes after a later question is not shown
    const query = new URLSearchParams({ ...filters, after: after ?? "", limit: "50" });
    const { tasks, next } = await api(`/api/tasks?${query}`);
    if (mine !== asked) return;
    if (after === undefined) rows.replaceChildren();
    rows.append(...tasks.map(row));
    nothing.hidden = rows.childElementCount > 0;
    nothing.textContent = Object.values(filters).some((value) => value !== "") ? "There is no such task." : "There is nothing to do.";
    more.hidden = next === null;
    more.onclick = () => load(next).catch(show);
  }

  const again = () => load().catch(show);

  function filter(name, input) {
    let waiting;
    input.addEventListener("input", () => {
      filters[name] = input.value.trim();
      clearTimeout(waiting);
      waiting = setTimeout(again, 200);
    });
    return input;
  }

  async function change(task, body) {
    try {
      await api(`/api/tasks/${encodeURIComponent(task.id)}`, { method: "PATCH", body, headers: { "If-Match": `"${task.version}"` } });
      show(body.done === true ? "Done." : "Saved.");
    } catch (error) {
      show(error.status === 412 ? new Error("Somebody has changed this task meanwhile; this is how it is now.") : error);
    }
    await load();
  }

  function row(task) {
    const [kind, state] = TAGS[task.state];
    const done = task.done_at !== null;
    const there = task.salesforce_url === null ? task.salesforce_id : element("a", { href: task.salesforce_url, rel: "noreferrer noopener", target: "_blank" }, task.salesforce_id);
    const acts = task.kind === "salesforce" ? ["In Salesforce: ", there] : [
      element("button", { type: "button", onclick: () => change(task, { done: !done }).catch(show) }, done ? "Reopen" : "Done"),
      " ",
      done ? null : element("button", { type: "button", class: "plain", onclick: () => taskDialog(categories, task, again) }, "Change"),
    ];
    return element("tr", { "data-task": task.id },
      element("td", {}, task.name, element("div", { class: "about" }, task.customer === null ? null : [customer(task.customer.address), ", "], `by ${maker(task.created_by)}`)),
      element("td", { "data-label": "State" }, element("span", { class: `tag ${kind}` }, state)),
      element("td", { "data-label": "Category" }, task.category),
      element("td", { "data-label": "From", class: "time" }, time(task.start_at)),
      element("td", { "data-label": done ? "Done" : "Due", class: "time" }, done ? `${time(task.done_at)}, ${task.done_by}` : time(task.end_at)),
      element("td", { class: "act" }, acts));
  }

  const category = categories.length === 0
    ? element("input", { maxlength: 128, autocomplete: "off" })
    : element("select", {}, element("option", { value: "" }, "All"), categories.map((name) => element("option", {}, name)));
  main.replaceChildren(
    element("h1", {}, "Tasks"),
    element("form", { class: "bar", role: "search", onsubmit: (event) => event.preventDefault() },
      element("label", {}, "State", filter("state", element("select", {}, Object.entries(STATES).map(([value, text]) => element("option", { value }, text))))),
      element("label", {}, "Category", filter("category", category)),
      element("label", { class: "grow" }, "Search", filter("q", element("input", { type: "search", placeholder: "Task or customer", maxlength: 200 }))),
      element("button", { type: "button", class: "primary push", onclick: () => taskDialog(categories, null, again) }, "New task")),
    element("div", { class: "scroll" }, element("table", { class: "cards tasks" },
      element("thead", {}, element("tr", {}, ["Task", "State", "Category", "From", "Due", ""].map((title) => element("th", { scope: "col" }, title)))),
      rows)),
    nothing,
    more);
  await load();
}

page().catch(show);
