// The page around the chat: one chat per browser, kept until a new one is asked for.
import { Chat, newAddress } from "./chat.js";

const KEY = "smart-routing.chat-address";
const base = new URL(".", document.baseURI).pathname;
const place = document.getElementById("chat");
let chat = null;

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing still chats
  }
}

function remember(address) {
  try {
    localStorage.setItem(KEY, address);
  } catch {
    // as above
  }
}

function open(address) {
  remember(address);
  chat?.close();
  chat = new Chat(place, { address, base });
  // On a phone the keyboard would cover half of what is to be read first.
  if (matchMedia("(pointer: fine)").matches) chat.focus();
}

document.getElementById("new-chat").addEventListener("click", () => open(newAddress()));
// Never an address that a link brings along: whoever made the link could read the chat.
open(remembered() ?? newAddress());
