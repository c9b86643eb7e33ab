// The message that is being answered: named above the text field until the answer is sent or given up.
import { beginning } from "./service.js";
import { authorOf } from "./view.js";

const bar = document.getElementById("replying");
const words = document.getElementById("replying-words");
let answered = 0;

export function replyTo(message) {
  answered = message.message_id;
  words.textContent = `Reply to ${authorOf(message)}: ${beginning(message)}`;
  bar.hidden = false;
  document.getElementById("text").focus();
}

export function replyToNone() {
  answered = 0;
  bar.hidden = true;
}

/** The number of the message that is answered, 0 for none. */
export const replied = () => answered;

document.getElementById("replying-end").addEventListener("click", replyToNone);
