// The chat: shows a conversation and sends what the customer writes. Texts are only ever set as text, never as markup.

const KINDS_OF_ENTER = new Set(["Enter", "NumpadEnter"]);
const RESEND_MS = 2000;
const NEAR_THE_END = 80;

export function newAddress() {
  // An address is all that it takes to read a chat: nobody may guess it.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "web-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export class Chat {
  constructor(place, { address, base = "/" }) {
    this.url = `${base}chat/${encodeURIComponent(address)}`;
    this.unseen = []; // bubbles of messages that the stream has not shown yet, oldest first
    this.outbox = Promise.resolve(); // messages are sent one after the other, so that they arrive in order
    this.closed = false;
    this.build(place);
    this.listen();
  }

  build(place) {
    this.status = element("p", { className: "chat-status" });
    this.status.setAttribute("role", "status");
    this.log = element("ol", { className: "chat-log", tabIndex: 0 });
    this.log.setAttribute("role", "log");
    this.log.setAttribute("aria-label", "Messages");
    this.empty = element("p", { className: "chat-empty", textContent: "Write a message to begin." });
    this.scroll = element("div", { className: "chat-scroll" }, this.empty, this.log);
    this.input = element("textarea", { className: "chat-input", rows: 1, maxLength: 60000, placeholder: "Write a message", dir: "auto" });
    this.input.setAttribute("aria-label", "Your message");
    this.input.setAttribute("enterkeyhint", "send");
    this.button = element("button", { className: "chat-send", type: "submit", disabled: true });
    this.button.setAttribute("aria-label", "Send");
    this.button.append(arrow());
    this.form = element("form", { className: "chat-form" }, this.input, this.button);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("keydown", (event) => {
      if (KINDS_OF_ENTER.has(event.code || event.key) && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.root = element("section", { className: "chat" }, this.scroll, this.status, this.form);
    this.root.setAttribute("aria-label", "Chat");
    place.replaceChildren(this.root);
    this.waiting = setTimeout(() => this.say("Connecting …"), 1000);
  }

  listen() {
    this.events = new EventSource(`${this.url}/events`);
    this.events.addEventListener("open", () => {
      this.say("");
      // What was said before is simply there; only what comes from now on moves in.
      setTimeout(() => this.root.classList.add("chat-live"), 500);
    });
    this.events.addEventListener("message", (event) => this.show(JSON.parse(event.data)));
    this.events.addEventListener("error", () => {
      this.say("No connection. Trying again …");
      if (this.events.readyState === EventSource.CLOSED && !this.closed) {
        // The browser gives up on an answer that is no stream, such as a gateway that is starting: begin anew.
        setTimeout(() => this.again(), RESEND_MS);
      }
    });
  }

  again() {
    if (this.closed) return;
    this.log.replaceChildren(...this.unseen.map((unseen) => unseen.item));
    this.listen();
  }

  close() {
    this.closed = true;
    clearTimeout(this.waiting);
    this.events.close();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  say(text) {
    clearTimeout(this.waiting);
    this.status.textContent = text;
  }

  show(message) {
    const atTheEnd = this.isAtTheEnd();
    if (message.from === "customer") {
      const index = this.unseen.findIndex((unseen) => unseen.text === message.text);
      if (index >= 0) this.unseen.splice(index, 1)[0].item.remove();
    }
    this.retireChoices();
    const item = this.bubble(message.from, message.text, message.name);
    if (message.choices.length) item.append(this.choices(message.choices));
    // What is still on its way stays below what was said.
    this.log.insertBefore(item, this.unseen[0]?.item ?? null);
    this.empty.hidden = true;
    if (atTheEnd) this.toTheEnd();
  }

  bubble(from, text, name) {
    // An agent's name is seen, too: that a person answers, and who.
    const who = from === "agent"
      ? element("span", { className: "chat-agent-name", dir: "auto", textContent: name || "Agent" })
      : element("span", { className: "chat-who", textContent: from === "flow" ? "They said: " : "You said: " });
    // Beside the text, not in it: the text's own first letter decides its direction.
    const said = element("p", { className: "chat-text", dir: "auto" });
    said.append(...(from === "customer" ? [text] : linked(text)));
    return element("li", { className: `chat-message chat-${from}` }, who, said);
  }

  choices(choices) {
    const list = element("div", { className: choices.length > 3 ? "chat-choices chat-list" : "chat-choices" });
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Choose an answer");
    for (const choice of choices) {
      const button = element("button", { type: "button", className: "chat-choice", textContent: choice.text, dir: "auto" });
      button.addEventListener("click", () => {
        this.retireChoices();
        this.focus();
        this.send({ choice: choice.id }, choice.text);
      });
      list.append(button);
    }
    return list;
  }

  retireChoices() {
    for (const button of this.log.querySelectorAll(".chat-choice:not(:disabled)")) button.disabled = true;
  }

  submit() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.fit();
    this.focus();
    this.send({ text }, text);
  }

  send(content, text) {
    const item = this.bubble("customer", text);
    const unseen = { text, item };
    const body = JSON.stringify({ id: newAddress(), ...content });
    item.classList.add("chat-sending");
    this.unseen.push(unseen);
    this.log.append(item);
    this.empty.hidden = true;
    this.toTheEnd();
    this.outbox = this.outbox.then(() => this.deliver(body, unseen));
  }

  // The id stays the same however often a message is sent: the gateway takes it once.
  async deliver(body, unseen) {
    while (!this.closed) {
      let refused = null;
      try {
        const response = await fetch(`${this.url}/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
        if (response.ok) {
          unseen.item.classList.remove("chat-sending");
          this.say("");
          return;
        }
        if (response.status < 500 && response.status !== 429) refused = await response.json();
      } catch {
        // no connection: send again
      }
      if (refused) {
        unseen.item.classList.replace("chat-sending", "chat-refused");
        unseen.item.append(element("p", { className: "chat-note", textContent: `Not sent: expected ${refused.expected}.` }));
        this.unseen.splice(this.unseen.indexOf(unseen), 1);
        return;
      }
      this.say("Not sent yet. Trying again …");
      await new Promise((resolve) => setTimeout(resolve, RESEND_MS));
    }
  }

  fit() {
    this.button.disabled = !this.input.value.trim();
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + this.input.offsetHeight - this.input.clientHeight}px`;
  }

  isAtTheEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_THE_END;
  }

  toTheEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}

// Addresses that a flow says can be followed; the punctuation behind one is not part of it.
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/).map((part, index) =>
    index % 2 === 1 && URL.canParse(part)
      ? element("a", { href: part, target: "_blank", rel: "noopener noreferrer", textContent: part })
      : part);
}

function arrow() {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", "M12 20V5M5 12l7-7 7 7");
  svg.append(path);
  return svg;
}
