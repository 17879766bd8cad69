// Surveys and what was answered. The address's fragment says what is shown: nothing, or the reference of a survey.
import { api, channel, element, many, share, show, time } from "/office/office.js";

const PAGE = 50;
const DAY_MS = 24 * 60 * 60 * 1000;
const PERIODS = { "": "all time", 7: "the last 7 days", 30: "the last 30 days", 365: "the last year" };

const main = document.getElementById("main");
let days = "";
let turn = 0; // what an earlier view asked for must not be shown in a later one

function query(more = {}) {
  const given = Object.entries({ since: days && Math.max(0, Date.now() - days * DAY_MS), ...more }).filter(([, value]) => value);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function cell(label, ...children) {
  return element("td", { "data-label": label }, ...children);
}

function head(...titles) {
  return element("thead", {}, element("tr", {}, titles.map((title) => element("th", { scope: "col" }, title))));
}

async function showAll() {
  const mine = ++turn;
  const { surveys } = await api("/api/surveys");
  if (mine !== turn) return;
  const rows = surveys.map((survey) => element("tr", {},
    cell("Survey", element("span", {}, element("a", { href: `#${encodeURIComponent(survey.reference)}` }, survey.name || survey.reference), " ",
      survey.in_service ? null : element("span", { class: "tag warn" }, "no definition"),
      survey.url ? element("span", { class: "tag" }, "asked elsewhere") : null)),
    cell("Attached", survey.attached), cell("Answered", survey.answered), cell("Share", survey.url ? "–" : share(survey.answered, survey.attached)),
    cell("Last answer", time(survey.last_answered_at) || "–")));
  main.replaceChildren(
    element("h1", {}, "Surveys"),
    rows.length === 0
      ? element("p", { class: "faint" }, "There is no survey yet: none is published, and none was ever attached.")
      : element("div", { class: "scroll" }, element("table", { class: "cards" }, head("Survey", "Attached", "Answered", "Share", "Last answer"), element("tbody", {}, rows))),
  );
}

async function showOne(reference) {
  const mine = ++turn;
  const base = `/api/surveys/${encodeURIComponent(reference)}`;
  const [survey, first] = await Promise.all([api(`${base}/summary${query()}`), api(`${base}/answers${query({ limit: PAGE })}`)]);
  if (mine !== turn) return;
  const body = element("tbody", {}, first.answers.map((answer) => row(survey, answer)));
  const more = element("button", { type: "button", class: "more", hidden: first.next === null }, "Show more");
  let after = first.next;
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const page = await api(`${base}/answers${query({ limit: PAGE, after })}`);
      body.append(...page.answers.map((answer) => row(survey, answer)));
      after = page.next;
      more.hidden = after === null;
    } catch (error) {
      show(error);
    }
    more.disabled = false;
  });
  const period = element("select", { name: "period" },
    Object.entries(PERIODS).map(([value, text]) => element("option", { value, selected: String(days) === value }, text)));
  period.addEventListener("change", () => {
    days = period.value;
    showOne(reference).catch(show);
  });
  main.replaceChildren(
    element("p", {}, element("a", { href: "#" }, "← All surveys")),
    element("div", { class: "heading" }, element("h1", {}, survey.name)),
    element("p", { class: "faint" }, `${survey.reference} · attached ${many(survey.attached, "time")}, answered ${many(survey.answered, "time")} (${share(survey.answered, survey.attached)})`),
    element("div", { class: "bar" }, element("label", {}, "Answers of", period),
      element("a", { class: "button", href: `${base}/answers.csv${query()}`, download: "" }, "Export CSV"),
      element("a", { class: "button", href: `${base}/answers.jsonl${query()}`, download: "" }, "Export JSON lines")),
    element("div", { class: "questions" }, survey.questions.map(summarised)),
    element("h2", {}, "Answers"),
    first.answers.length === 0
      ? element("p", { class: "faint" }, "Nobody has answered in this time.")
      : element("div", { class: "scroll" }, element("table", { class: "cards answers" },
        head("When", ...survey.questions.map((question) => question.text), "Channel"), body)),
    more,
  );
}

function summarised(question) {
  const figures = [];
  if (question.mean !== undefined) figures.push(element("span", { class: "figure" }, question.mean.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })), element("span", { class: "faint" }, " of 5"));
  if (question.score !== undefined) {
    figures.push(element("span", { class: "figure" }, question.score > 0 ? `+${question.score}` : question.score),
      element("span", { class: "faint" }, ` net promoter score · promoters ${question.promoters}, detractors ${question.detractors}`));
  }
  return element("section", { class: "card", "data-question": question.id },
    element("h2", {}, question.text, " ", question.retired ? element("span", { class: "tag warn" }, "no longer asked") : null),
    element("div", {}, figures),
    element("p", { class: "faint" }, many(question.answered, "answer")),
    question.kind === "text" ? null : bars(question));
}

function bars(question) {
  const entries = Object.entries(question.counts).map(([value, number]) => [named(question, value), number]);
  if (question.others > 0) entries.push(["other", question.others]);
  const whole = Math.max(question.answered, 1);
  const narrow = question.kind === "rating" || question.kind === "nps" || question.kind === "yes_no";
  return element("table", { class: narrow ? "bars narrow" : "bars" }, element("tbody", {}, entries.map(([name, number]) => {
    const filled = element("span");
    filled.style.setProperty("--share", number / whole);
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", { "aria-hidden": "true" }, element("span", { class: "track" }, filled)),
      element("td", {}, `${number} · ${share(number, whole)}`));
  })));
}

function named(question, value) {
  if (question.kind === "yes_no") return value === "true" ? "yes" : "no";
  return question.choices[value] ?? value;
}

function row(survey, answer) {
  return element("tr", {}, cell("When", time(answer.answered_at)),
    survey.questions.map((question) => cell(question.text, shown(question, answer.answers[question.id]))), cell("Channel", channel(answer.channel)));
}

function shown(question, value) {
  if (value === undefined) return "–";
  if (question.kind === "choices") return value.split(",").map((code) => named(question, code)).join(", ");
  return question.kind === "text" ? value : named(question, value);
}

function route() {
  const reference = decodeURIComponent(location.hash.slice(1));
  (reference === "" ? showAll() : showOne(reference)).catch((error) => {
    main.replaceChildren(element("p", {}, element("a", { href: "#" }, "← All surveys")));
    show(error);
  });
}

addEventListener("hashchange", route);
route();
