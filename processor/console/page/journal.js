// The journal's line for each step: what was taken, written, sent, and why.
import { element } from "./element.js";

const NEAR_THE_END = 60;
const MOST = 600;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export class Journal {
  // `point` is called with a step that somebody asks to see.
  constructor(place, { point }) {
    this.point = point;
    this.count = 0;
    this.list = element("ol", { className: "journal-lines" });
    this.empty = element("p", { className: "journal-empty", textContent: "Each step is written here as it is taken." });
    this.counter = element("span", { className: "journal-count" });
    this.scroll = element("div", { className: "journal-scroll", tabIndex: 0, role: "region", ariaLabel: "Journal" }, this.empty, this.list);
    this.atTheEnd = true;
    this.scroll.addEventListener("scroll", () => {
      if (this.scroll.clientHeight) this.atTheEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_THE_END;
    });
    // Shown after lines were added, or given more room: at the end stays at the end.
    this.resized = new ResizeObserver(() => this.settle());
    this.resized.observe(this.scroll);
    place.replaceChildren(element("div", { className: "journal-bar" }, element("h2", { textContent: "Journal" }), this.counter), this.scroll);
  }

  event(line) {
    const told = toldEvent(line);
    if (line.opened) this.add(row("journal-opened", line.at, element("span", { textContent: `Interaction ${line.interaction.split("-").pop()} begins` })));
    if (!told) return;
    const marks = [];
    if (line.disposition !== "applied") marks.push(chip(words(line.disposition), "faint"));
    if (line.note) marks.push(element("span", { className: "journal-note", textContent: line.note }));
    this.add(row(`journal-event journal-${told.who}`, line.at, element("span", { className: "journal-said", dir: "auto", textContent: told.text }), ...marks));
  }

  step(line, step) {
    const name = element("button", { type: "button", className: "journal-action", textContent: step.action, title: "Show this step in the drawing" });
    name.addEventListener("click", () => this.point(step));
    const item = row("journal-step", line.at, name, element("span", { className: "journal-type", textContent: words(step.type) }), ...outcome(step));
    const details = [
      ...step.writes.map((write) => detail("write", `${write.variable}.${write.field} = ${write.value || "(cleared)"}`)),
      ...step.commands.map((command) => detail("command", command.name)),
      ...step.warnings.map((warning) => detail("warning", warning)),
    ];
    if (details.length) item.append(element("div", { className: "journal-details" }, ...details));
    this.count += 1;
    this.counter.textContent = this.count === 1 ? "1 step" : `${this.count} steps`;
    this.add(item);
  }

  ended(line) {
    this.add(row("journal-ended", line.at, element("span", { textContent: `The interaction ends: ${words(line.ended)}` })));
  }

  gap() {
    this.add(element("li", { className: "journal-line journal-gap", textContent: "Older lines are not kept here; `smart-routing explain` tells them all." }));
  }

  add(item) {
    this.empty.hidden = true;
    this.list.append(item);
    while (this.list.children.length > MOST) this.list.firstChild.remove();
    this.settle();
  }

  settle() {
    if (this.atTheEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  close() {
    this.resized.disconnect();
  }
}

function row(kind, at, ...children) {
  const time = element("time", { className: "journal-time", dateTime: new Date(at).toISOString(), textContent: clock.format(at) });
  return element("li", { className: `journal-line ${kind}` }, time, ...children);
}

function chip(text, kind) {
  return element("span", { className: `journal-chip journal-chip-${kind}`, textContent: text });
}

function detail(kind, text) {
  return element("span", { className: `journal-detail journal-detail-${kind}`, dir: "auto", textContent: text });
}

function outcome(step) {
  if (step.branch) {
    const failed = step.reason !== null;
    const next = step.next === null ? "not linked" : `→ ${step.next}`;
    const reason = failed && step.reason !== step.branch ? [element("span", { className: "journal-reason", textContent: words(step.reason) })] : [];
    return [chip(words(step.branch), failed ? "failed" : "taken"), ...reason, element("span", { className: "journal-next", textContent: next })];
  }
  if (step.handed_over_to) {
    return [chip("hands over", "taken"), element("span", { className: "journal-next", textContent: `→ ${step.handed_over_to.flow}` })];
  }
  const until = step.deadline === null ? [] : [element("span", { className: "journal-next", textContent: `until ${clock.format(step.deadline)}` })];
  return [chip("waits", "waits"), ...until];
}

function toldEvent(line) {
  const event = line.event;
  switch (event.kind) {
    case "MessageReceived": {
      const said = event.text ?? event.choice?.split("#").pop() ?? (event.media.map((media) => media.name ?? media.url).join(", ") || "(nothing)");
      return { who: "customer", text: event.text === null && event.choice ? `Customer chooses “${said}”` : `Customer: “${said}”` };
    }
    case "ResponseReceived":
      // That a message was delivered is of the journal, and of no interest here as long as it goes well.
      if (line.disposition === "acknowledged" && event.outcome === "ok") return null;
      return { who: "connector", text: `Connector ${words(event.connector)} answers ${words(event.outcome)}${event.reason ? `: ${words(event.reason)}` : ""}` };
    case "Ticked":
      return { who: "clock", text: "The time is up" };
    case "EndRequested":
      return { who: "operator", text: `${event.operator} ends the interaction` };
    case "ResumeRequested":
      return { who: "operator", text: `${event.operator} resumes the conversation` };
    default:
      return { who: "operator", text: event.kind };
  }
}

function words(name) {
  return name.replaceAll("_", " ");
}
