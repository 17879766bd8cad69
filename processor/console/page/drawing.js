// The flows' drawings: the steps that were taken are lit, and the view follows the newest.
import { element } from "./element.js";

const STEP_OF_ZOOM = 1.25;
const SMALLEST = 0.3;
const LARGEST = 2;
const LEGIBLE = 0.72;
const ROOMY = 0.85;

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Drawing {
  // `flows` are the references of the flows that have a tab before anything has happened; the first of them is shown.
  // Others appear as their steps are taken.
  constructor(place, { base, flows = [] }) {
    this.base = base;
    this.flows = new Map(); // "reference version" → what is shown of that version
    this.names = new Map(); // reference → name, once the list is there
    this.shown = null;
    this.following = true;
    this.zoom = null; // as wide as there is room, until somebody zooms
    this.build(place);
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.view);
    this.known = this.load(flows);
  }

  build(place) {
    this.tabs = element("div", { className: "drawing-tabs", role: "tablist", ariaLabel: "Flows" });
    this.tabs.addEventListener("keydown", (event) => this.moveAmongTabs(event));
    this.follow = element("button", { type: "button", className: "console-button drawing-follow", textContent: "Follow", title: "Keep the newest step in view" });
    this.follow.setAttribute("aria-pressed", "true");
    this.follow.addEventListener("click", () => this.setFollowing(!this.following));
    const tool = (text, label, act) => {
      const button = element("button", { type: "button", className: "console-button drawing-zoom", textContent: text, ariaLabel: label, title: label });
      button.addEventListener("click", act);
      return button;
    };
    const tools = element(
      "div",
      { className: "drawing-tools" },
      tool("−", "Smaller", () => this.zoomBy(1 / STEP_OF_ZOOM)),
      tool("+", "Larger", () => this.zoomBy(STEP_OF_ZOOM)),
      this.follow,
    );
    this.view = element("div", { className: "drawing-view", tabIndex: 0, role: "tabpanel", ariaLabel: "Drawing of the flow" });
    for (const moved of ["wheel", "touchmove"]) this.view.addEventListener(moved, () => this.setFollowing(false), { passive: true });
    this.view.addEventListener("click", (event) => {
      const jump = event.target.closest("g.jump[data-target]");
      if (!jump) return;
      this.setFollowing(false);
      this.bring(jump.dataset.target, true);
    });
    this.view.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow") || event.key.startsWith("Page")) this.setFollowing(false);
    });
    place.replaceChildren(element("div", { className: "drawing-bar" }, this.tabs), this.view, tools);
    this.place = place;
  }

  close() {
    this.resized.disconnect();
    this.place.replaceChildren();
  }

  async load(wanted) {
    try {
      const found = await (await fetch(`${this.base}flows`)).json();
      for (const flow of found) this.names.set(flow.ref, flow.name);
      for (const flow of this.flows.values()) this.label(flow);
      for (const reference of wanted) {
        const flow = found.find((one) => one.ref === reference);
        if (flow) this.flow(flow.ref, flow.version);
      }
      if (!this.shown && wanted.length) this.show(this.flows.values().next().value);
    } catch {
      // no list: flows appear as their steps are taken
    }
  }

  label(flow) {
    const name = this.names.get(flow.reference) ?? flow.reference;
    flow.tab.textContent = flow.version > 1 ? `${name} ${flow.version}` : name;
  }

  // Return what is shown of a version, made when it is asked for.
  flow(reference, version) {
    const key = `${reference} ${version}`;
    let flow = this.flows.get(key);
    if (!flow) {
      flow = { key, reference, version, lit: { actions: new Set(), links: new Set(), current: null }, svg: null };
      flow.tab = element("button", { type: "button", className: "drawing-tab", role: "tab", tabIndex: -1 });
      flow.tab.setAttribute("aria-selected", "false");
      flow.tab.addEventListener("click", () => {
        this.setFollowing(flow.lit.current !== null);
        this.show(flow);
      });
      this.flows.set(key, flow);
      this.tabs.append(flow.tab);
      if (this.tabs.children.length === 1) flow.tab.tabIndex = 0;
      this.label(flow);
    }
    return flow;
  }

  // Nothing is lit: another interaction begins.
  clear() {
    for (const flow of this.flows.values()) {
      flow.lit = { actions: new Set(), links: new Set(), current: null };
      flow.tab.classList.remove("taken");
      this.light(flow);
    }
  }

  step(step) {
    for (const flow of this.flows.values()) {
      flow.lit.current = null;
      flow.tab.classList.remove("current");
      if (flow.reference !== step.flow || flow.version !== step.flow_version) this.light(flow);
    }
    const flow = this.flow(step.flow, step.flow_version);
    flow.lit.actions.add(step.action);
    if (step.branch) flow.lit.links.add(`${step.action} ${step.branch}`);
    flow.lit.current = step.action;
    flow.tab.classList.add("taken", "current");
    this.light(flow);
    if (this.following) this.show(flow);
  }

  // The interaction has ended: no step is the current one.
  rest() {
    for (const flow of this.flows.values()) {
      flow.lit.current = null;
      flow.tab.classList.remove("current");
      this.light(flow);
    }
  }

  // Show one step, whatever is current.
  point(step) {
    const flow = this.flow(step.flow, step.flow_version);
    this.setFollowing(false);
    this.show(flow, step.action);
  }

  async show(flow, action = null) {
    if (this.shown !== flow) {
      this.shown = flow;
      for (const other of this.flows.values()) {
        other.tab.setAttribute("aria-selected", String(other === flow));
        other.tab.tabIndex = other === flow ? 0 : -1;
      }
      flow.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    flow.svg ??= await this.fetched(flow);
    if (this.shown !== flow || !flow.svg) return;
    if (this.view.firstChild !== flow.svg) {
      this.view.replaceChildren(flow.svg);
      this.light(flow);
      this.fit();
    }
    this.bring(action ?? flow.lit.current, action !== null);
  }

  async fetched(flow) {
    const response = await fetch(`${this.base}flows/${encodeURIComponent(flow.reference)}/${flow.version}.svg`).catch(() => null);
    if (!response?.ok) return null;
    // Its style comes with the page, which allows none that stands in a document.
    const unstyled = (await response.text()).replace(/<style>[^<]*<\/style>/, "");
    return document.importNode(new DOMParser().parseFromString(unstyled, "image/svg+xml").documentElement, true);
  }

  light(flow) {
    if (!flow.svg) return;
    for (const group of flow.svg.querySelectorAll("g.action")) {
      group.classList.toggle("taken", flow.lit.actions.has(group.dataset.action));
      group.classList.toggle("current", flow.lit.current === group.dataset.action);
    }
    for (const group of flow.svg.querySelectorAll("g.link")) {
      group.classList.toggle("taken", flow.lit.links.has(`${group.dataset.action} ${group.dataset.branch}`));
    }
  }

  setFollowing(following) {
    this.following = following;
    this.follow.setAttribute("aria-pressed", String(following));
    if (!following) return;
    const current = [...this.flows.values()].find((flow) => flow.lit.current !== null);
    if (current) this.show(current);
  }

  zoomBy(factor) {
    this.zoom = Math.min(LARGEST, Math.max(SMALLEST, this.scale() * factor));
    this.fit();
    if (this.shown) this.bring(this.shown.lit.current);
  }

  scale() {
    if (this.zoom !== null) return this.zoom;
    const room = this.view.clientWidth - 4;
    return Math.max(LEGIBLE, Math.min(ROOMY, room / this.shown.svg.viewBox.baseVal.width));
  }

  fit() {
    const svg = this.shown?.svg;
    if (!svg || !this.view.clientWidth) return;
    const scale = this.scale();
    svg.setAttribute("width", String(Math.round(svg.viewBox.baseVal.width * scale)));
    svg.setAttribute("height", String(Math.round(svg.viewBox.baseVal.height * scale)));
    if (this.following) this.bring(this.shown.lit.current, false, "instant");
  }

  // Bring a step into view: a little above the middle, so that what may follow is seen, too.
  bring(action, pointed = false, behavior = still.matches ? "instant" : "smooth") {
    if (!action) {
      this.view.scrollTo({ left: this.startLeft(), top: 0, behavior: "instant" });
      return;
    }
    const group = this.group(action);
    if (!group || !this.view.clientWidth) return;
    const box = group.getBoundingClientRect();
    const view = this.view.getBoundingClientRect();
    this.view.scrollTo({
      left: this.view.scrollLeft + box.left + box.width / 2 - view.left - view.width / 2,
      top: this.view.scrollTop + box.top + box.height / 2 - view.top - view.height * 0.42,
      behavior,
    });
    if (pointed) {
      group.classList.remove("pointed");
      group.getBoundingClientRect(); // begins the animation anew
      group.classList.add("pointed");
    }
  }

  startLeft() {
    const group = this.group("start");
    if (!group) return 0;
    const box = group.getBoundingClientRect();
    const view = this.view.getBoundingClientRect();
    return this.view.scrollLeft + box.left + box.width / 2 - view.left - view.width / 2;
  }

  group(action) {
    return [...(this.shown?.svg?.querySelectorAll("g.action") ?? [])].find((group) => group.dataset.action === action);
  }

  moveAmongTabs(event) {
    const tabs = [...this.tabs.children];
    const here = tabs.indexOf(document.activeElement);
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (here < 0 || there === undefined) return;
    event.preventDefault();
    const tab = tabs[(there + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  }
}
