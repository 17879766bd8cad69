// The payment page. What is shown is set as text; what is paid is known to the server alone.
import { TEXTS } from "./texts.js";

const main = document.getElementById("payment");
const address = `${location.pathname.replace(/\/$/, "")}/payment`;
const LOOK_MS = 3000;
let texts = TEXTS.en;
// Back from the provider, who tells the server in a moment: until then nobody is asked to pay again.
let awaiting = new URLSearchParams(location.search).has("done") ? 40 : 0;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

async function ask(options = {}) {
  const response = await fetch(address, { credentials: "omit", cache: "no-store", ...options });
  if (!response.ok) throw new Error(response.status === 404 ? texts.unknown : texts.wrong);
  return response.json();
}

async function act(payment, what) {
  const buttons = [...main.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    const found = await ask({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ tries: payment.tries, ...what }) });
    if (found.redirect) location.assign(found.redirect);
    else show(found, found.tries !== payment.tries);
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    wrong(error);
  }
}

function wrong(error) {
  main.querySelector(".wrong")?.remove();
  main.append(element("p", { class: "wrong", role: "alert" }, error instanceof TypeError ? texts.wrong : error.message));
}

function show(found, tried = false) {
  const payment = found.state === "open" && found.elsewhere && awaiting-- > 0 ? { ...found, state: "processing" } : found;
  const language = payment.locale.split(/[-_]/)[0];
  texts = TEXTS[language] ?? TEXTS.en;
  document.documentElement.lang = TEXTS[language] ? language : "en";
  document.title = `${payment.amount} – ${payment.merchant}`;
  const view = payment.state === "open" ? toPay(payment, tried) : over(payment);
  main.replaceChildren(...[payment.sandbox ? element("p", { class: "notice" }, texts.sandbox) : null, ...view].filter(Boolean));
  if (payment.state === "processing") setTimeout(load, LOOK_MS);
}

function toPay(payment, tried) {
  const lines = [[texts.to, payment.merchant], [texts.about, payment.title], [texts.reference, payment.reference], [texts.note, payment.comment]];
  const facts = lines.filter(([, value], index) => value && !(index === 2 && payment.title.includes(value)));
  const cards = payment.elsewhere ? null : element("fieldset", {}, element("legend", {}, texts.cards),
    ["paid", "declined", "fraud", "transfer", "broken"].map((card, index) =>
      element("label", {}, element("input", { type: "radio", name: "card", value: card, checked: index === 0 }), texts[`${card}_card`])));
  return [
    tried && payment.outcome ? element("p", { class: "wrong", role: "alert" }, texts[payment.outcome], " ", texts.again) : null,
    element("h1", { class: "amount" }, payment.amount),
    element("dl", {}, facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    payment.elsewhere ? element("p", { class: "faint" }, texts.elsewhere) : null,
    cards,
    element("button", { type: "button", class: "primary", id: "pay", onclick: () => act(payment, { act: "pay", card: main.querySelector("[name=card]:checked")?.value ?? null }) },
      payment.elsewhere ? texts.go : texts.pay.replace("{amount}", payment.amount)),
    element("button", { type: "button", id: "stop", onclick: () => act(payment, { act: "stop" }) }, texts.stop),
  ];
}

function over(payment) {
  const key = payment.state === "paid" ? "payment_successful" : payment.state === "processing" ? "processing" : payment.state === "cancelled" ? "cancelled"
    : ["expired", "already_paid"].includes(payment.reason) ? payment.reason : payment.outcome ?? "cancelled";
  const good = key === "payment_successful" || key === "already_paid";
  return [element("div", { class: "over" },
    element("div", { class: `sign ${good ? "good" : key === "processing" ? "wait" : "bad"}`, "aria-hidden": "true" }, good ? "✓" : key === "processing" ? "…" : "×"),
    element("h1", { id: "result" }, texts[key]), element("p", {}, `${payment.amount} · ${payment.merchant}`),
    payment.conversation ? element("p", { class: "faint" }, texts.chat) : null)];
}

async function load() {
  try {
    show(await ask());
  } catch (error) {
    if (document.getElementById("result")) { // it waits for the bank's word, and goes on waiting
      setTimeout(load, LOOK_MS);
      return;
    }
    main.replaceChildren();
    wrong(error);
  }
}

await load();
