// The texts that went out, newest first; looked for again every two seconds.
import { api, element, show, time } from "/office/office.js";

const place = document.getElementById("texts");
let shown = null;

// A link of the demo itself can be followed; anything else stays text.
function linked(text) {
  return text.split(/(https?:\/\/\S+)/).map((part) => {
    if (!/^https?:/.test(part) || !URL.canParse(part)) return part;
    const url = new URL(part);
    return url.hostname === location.hostname ? element("a", { href: url.href, target: "_blank", rel: "noopener" }, part) : part;
  });
}

async function look() {
  const { texts } = await api("/api/phone");
  if (shown === texts.length && shown > 0) return;
  shown = texts.length;
  place.replaceChildren(...texts.map((text) => element("article", {},
    element("header", {}, element("span", {}, `To ${text.recipient}, from ${text.sender}`), element("time", {}, time(text.at))),
    element("p", {}, linked(text.text)),
  )));
  if (texts.length === 0) place.replaceChildren(element("p", { class: "faint" }, "None yet."));
}

for (;;) {
  try {
    await look();
  } catch (error) {
    show(error);
    await new Promise((resolve) => setTimeout(resolve, 8000));
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
}
