// The page around one conversation, whose id stands in the fragment: /console/#id
import { Conversation } from "./conversation.js";

const base = new URL(".", document.baseURI).pathname;
const place = document.getElementById("place");
const field = document.getElementById("conversation");
let shown = null;

function show() {
  const conversation = decodeURIComponent(location.hash.slice(1));
  shown?.close();
  shown = null;
  field.value = conversation;
  if (conversation) shown = new Conversation(place, { base, conversation });
  else field.focus();
}

document.getElementById("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = encodeURIComponent(field.value.trim());
});
addEventListener("hashchange", show);
show();
