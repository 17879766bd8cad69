// A conversation's journal, line by line, as it is written; what happens at once is told one after the other, so that eyes can follow.

const BEAT_MS = 220;
const OLD_MS = 8000; // what happened longer ago is told at once
const LONG = 30;

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Feed {
  // `tell` is called for each beat: {kind: "event" | "step" | "ended" | "gap", line, step}; `connected` with true or false.
  constructor(url, { tell, connected = () => {} }) {
    this.tell = tell;
    this.beats = [];
    this.timer = null;
    this.url = url;
    this.reached = "";
    this.connected = connected;
    // A browser opens few connections to one host: a page that nobody sees holds none, and goes on where it was when it is seen.
    this.seen = () => (document.hidden ? this.leave() : this.listen());
    document.addEventListener("visibilitychange", this.seen);
    this.listen();
  }

  listen() {
    this.leave();
    const resumed = this.reached ? `?last_event_id=${this.reached}` : "";
    this.events = new EventSource(`${this.url}/events${resumed}`);
    this.events.addEventListener("open", () => this.connected(true));
    this.events.addEventListener("gap", () => this.add({ kind: "gap", paced: false }));
    this.events.addEventListener("message", (event) => {
      this.reached = event.lastEventId;
      this.line(JSON.parse(event.data));
    });
    this.events.addEventListener("error", () => {
      this.connected(false);
      if (this.events.readyState === EventSource.CLOSED) this.retry = setTimeout(() => this.listen(), 2000);
    });
  }

  leave() {
    clearTimeout(this.retry);
    this.events?.close();
  }

  close() {
    document.removeEventListener("visibilitychange", this.seen);
    this.leave();
    clearTimeout(this.timer);
    this.beats = [];
  }

  line(line) {
    const paced = Date.now() - line.at < OLD_MS;
    this.add({ kind: "event", line, paced: false });
    for (const step of line.steps) this.add({ kind: "step", line, step, paced });
    if (line.ended) this.add({ kind: "ended", line, paced });
  }

  add(beat) {
    this.beats.push(beat);
    if (this.timer === null) this.next();
  }

  next() {
    this.timer = null;
    while (this.beats.length) {
      const beat = this.beats.shift();
      this.tell(beat);
      if (beat.paced && this.beats.length < LONG && !still.matches) {
        this.timer = setTimeout(() => this.next(), BEAT_MS);
        return;
      }
    }
  }
}
