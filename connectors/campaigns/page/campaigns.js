// Campaigns and their targets. The address's fragment says what is shown: nothing, or medium and reference of a campaign.
import { api, channel, element, show, time } from "/office/office.js";

const STATES = { waiting: "waiting", due: "due", leased: "with a dialer", finished: "finished" };
const RESULTS = {
  answered: "answered", refused: "refused", no_answer: "no answer", busy: "busy", failed: "failed", invalid_number: "invalid number", done: "done",
};
const TAGS = { due: "warn", finished: "good", leased: "", waiting: "" };
const PAGE = 50;

const main = document.getElementById("main");
let filter = { state: "", result: "", q: "" };
let turn = 0; // what an earlier view asked for must not be shown in a later one

function address(campaign) {
  return `/api/campaigns/${encodeURIComponent(campaign.medium)}/${encodeURIComponent(campaign.reference)}`;
}

function query(more = {}) {
  const given = Object.entries({ ...filter, ...more }).filter(([, value]) => value);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function openness(campaign) {
  if (campaign.closed_at !== null) return element("span", { class: "tag bad" }, "closed");
  return element("span", { class: "tag good" }, "open");
}

function cell(label, ...children) {
  return element("td", { "data-label": label }, ...children);
}

function head(...titles) {
  return element("thead", {}, element("tr", {}, titles.map((title) => element("th", { scope: "col" }, title))));
}

async function showAll() {
  const mine = ++turn;
  const { campaigns } = await api("/api/campaigns");
  if (mine !== turn) return;
  const rows = campaigns.map((campaign) => {
    const { counts } = campaign;
    const link = element("a", { href: `#${campaign.medium}/${encodeURIComponent(campaign.reference)}` }, campaign.name || campaign.reference);
    const gone = campaign.in_service ? null : element("span", { class: "tag warn" }, "no definition");
    const finished = Object.keys(RESULTS).reduce((sum, result) => sum + counts[result], 0);
    return element("tr", {},
      cell("Campaign", element("span", {}, link, " ", gone)), cell("Medium", channel(campaign.medium)), cell("State", openness(campaign)),
      cell("Waiting", counts.waiting), cell("Due", counts.due), cell("With a dialer", counts.leased), cell("Finished", finished));
  });
  main.replaceChildren(
    element("h1", {}, "Campaigns"),
    rows.length === 0
      ? element("p", { class: "faint" }, "There is no campaign yet: none is published, and none has had a target.")
      : element("div", { class: "scroll" }, element("table", { class: "cards" }, head("Campaign", "Medium", "State", "Waiting", "Due", "With a dialer", "Finished"), element("tbody", {}, rows))),
  );
}

async function showOne(campaign) {
  const mine = ++turn;
  const found = await api(address(campaign));
  const { targets, next } = await api(`${address(campaign)}/targets${query({ limit: PAGE })}`);
  if (mine !== turn) return;
  const body = element("tbody", {}, targets.map((target) => row(campaign, target)).flat());
  const more = element("button", { type: "button", class: "more", hidden: next === null }, "Show more");
  let after = next;
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const page = await api(`${address(campaign)}/targets${query({ limit: PAGE, after })}`);
      body.append(...page.targets.map((target) => row(campaign, target)).flat());
      after = page.next;
      more.hidden = after === null;
    } catch (error) {
      show(error);
    }
    more.disabled = false;
  });
  main.replaceChildren(
    element("p", {}, element("a", { href: "#" }, "← All campaigns")),
    heading(campaign, found),
    counted(found),
    filters(campaign),
    targets.length === 0
      ? element("p", { class: "faint" }, filter.state || filter.result || filter.q ? "There is no such target." : "There is no target yet.")
      : element("div", { class: "scroll" }, element("table", { class: "cards targets" },
        head("Number", "State", "Result", "Priority", "From", "Attempts", "Fields", ""), body)),
    more,
  );
}

function heading(campaign, found) {
  const closed = found.closed_at !== null;
  const turnable = element("button", { type: "button", class: closed ? "primary" : "danger" }, closed ? "Open the campaign" : "Close the campaign");
  turnable.addEventListener("click", async () => {
    turnable.disabled = true;
    try {
      await api(address(campaign), { method: "PATCH", body: { closed: !closed } });
      show(closed ? "The campaign is open again." : "The campaign is closed: it takes no targets and hands none out.");
      await showOne(campaign);
    } catch (error) {
      turnable.disabled = false;
      show(error);
    }
  });
  return element("div", {},
    element("div", { class: "heading" }, element("h1", {}, found.name || found.reference), openness(found), turnable),
    element("p", { class: "faint" },
      `${channel(found.medium)} · ${found.reference}`,
      found.priorities ? ` · priorities ${found.priorities[0]} (first) to ${found.priorities[1]}` : " · its definition is not in service",
      closed ? ` · closed ${time(found.closed_at)} by ${found.closed_by}` : ""));
}

function counted(found) {
  const names = { ...STATES, ...RESULTS };
  const kinds = Object.entries(found.counts).filter(([kind, number]) => number > 0 || kind in STATES);
  return element("ul", { class: "counts" }, kinds.map(([kind, number]) => element("li", {}, element("b", {}, number), element("span", {}, names[kind]))));
}

function filters(campaign) {
  const choice = (name, title, values) => element("label", {}, title, element("select", { name },
    element("option", { value: "" }, "all"),
    Object.entries(values).map(([value, text]) => element("option", { value, selected: filter[name] === value }, text))));
  const form = element("form", { class: "bar" },
    choice("state", "State", STATES), choice("result", "Result", RESULTS),
    element("label", {}, "Number or field", element("input", { name: "q", type: "search", maxlength: 200, value: filter.q })),
    element("button", { type: "submit", class: "primary" }, "Filter"),
    element("a", { class: "button", href: `${address(campaign)}/targets.csv${query()}`, download: "" }, "Export CSV"),
    element("a", { class: "button", href: `${address(campaign)}/targets.jsonl${query()}`, download: "" }, "Export JSON lines"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter = Object.fromEntries(new FormData(form));
    showOne(campaign).catch(show);
  });
  return form;
}

function row(campaign, target) {
  const fields = Object.entries(target.fields);
  const history = element("tr", { class: "history", hidden: true }, element("td", { colspan: 8 }));
  const results = element("button", { type: "button", class: "plain", "aria-expanded": "false" }, "Results");
  results.addEventListener("click", async () => {
    try {
      if (history.hidden) history.firstChild.replaceChildren(told((await api(`${address(campaign)}/targets/${target.id}/reports`)).reports));
      history.hidden = !history.hidden;
      results.setAttribute("aria-expanded", String(!history.hidden));
    } catch (error) {
      show(error);
    }
  });
  const state = element("span", { class: `tag ${TAGS[target.state]}` }, STATES[target.state]);
  const from = target.state === "leased" ? `${target.leased_by}, until ${time(target.leased_until)}` : time(target.due_at);
  return [element("tr", {},
    cell("Number", target.phone_number), cell("State", state), cell("Result", target.result ? RESULTS[target.result] : ""),
    cell("Priority", target.priority), cell("From", from), cell("Attempts", target.attempts),
    cell("Fields", fields.length === 0 ? "" : element("dl", { class: "values" }, fields.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]).flat())),
    cell("", target.attempts > 0 ? results : "")), history];
}

function told(reports) {
  return element("ol", {}, reports.map((report) => element("li", {},
    `${time(report.reported_at)} · ${report.reported_by}: ${RESULTS[report.result]}`,
    report.retry_at === null ? "" : `, again from ${time(report.retry_at)}`,
    report.note === "" ? "" : element("div", { class: "faint" }, report.note))));
}

function route() {
  const [medium, reference] = location.hash.slice(1).split("/");
  const shown = reference === undefined ? showAll() : showOne({ medium, reference: decodeURIComponent(reference) });
  shown.catch((error) => {
    main.replaceChildren(element("p", {}, element("a", { href: "#" }, "← All campaigns")));
    show(error);
  });
}

addEventListener("hashchange", () => {
  filter = { state: "", result: "", q: "" };
  route();
});
route();
