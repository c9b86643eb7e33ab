// The message that is being answered or changed: named above the text field until that is sent or given up.
import { beginning } from "./service.js";
import { authorOf } from "../state.js";

const bar = document.getElementById("replying");
const words = document.getElementById("replying-words");
let answered = 0;
let edited = 0;

function show(line) {
  words.textContent = line;
  bar.hidden = false;
  document.getElementById("text").focus();
}

export function replyTo(message) {
  [answered, edited] = [message.message_id, 0];
  show(`Reply to ${authorOf(message)}: ${beginning(message)}`);
}

export function change(message) {
  [answered, edited] = [0, message.message_id];
  show(`Edit: ${beginning(message)}`);
}

export function endReply() {
  [answered, edited] = [0, 0];
  bar.hidden = true;
}

/** The number of the message that is answered, 0 for none. */
export const repliedId = () => answered;

/** The number of the message that is changed, 0 for none. */
export const changed = () => edited;

document.getElementById("replying-end").addEventListener("click", endReply);
