// One live conversation: its flow's drawing above, its journal below.
import { Drawing } from "./drawing.js";
import { element } from "./element.js";
import { Feed } from "./feed.js";
import { Journal } from "./journal.js";

export class Conversation {
  // `base` is the console's address; `conversation` an id; `flows` those shown before anything has happened;
  // `told` is called after each beat, `connected` with true or false as the connection comes and goes.
  constructor(place, { base, conversation, flows = [], told = () => {}, connected = () => {} }) {
    const drawing = element("section", { className: "console-drawing", ariaLabel: "Flow" });
    const journal = element("section", { className: "console-journal", ariaLabel: "Journal" });
    place.replaceChildren(element("div", { className: "console" }, drawing, journal));
    this.drawing = new Drawing(drawing, { base, flows });
    this.journal = new Journal(journal, { point: (step) => this.drawing.point(step) });
    this.told = told;
    this.feed = new Feed(`${base}conversations/${encodeURIComponent(conversation)}`, { tell: (beat) => this.tell(beat), connected });
  }

  tell(beat) {
    switch (beat.kind) {
      case "event":
        if (beat.line.opened) this.drawing.clear();
        this.journal.event(beat.line);
        break;
      case "step":
        this.drawing.step(beat.step);
        this.journal.step(beat.line, beat.step);
        break;
      case "ended":
        this.drawing.rest();
        this.journal.ended(beat.line);
        break;
      case "gap":
        this.journal.gap();
        break;
    }
    this.told(beat);
  }

  close() {
    this.feed.close();
    this.drawing.close();
    this.journal.close();
  }
}
