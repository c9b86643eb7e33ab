// One message as a bubble and its keyboard: drawn from Telegram's Message, redrawn in place when it is edited.
import { el } from "../panels/dom.js";
import { richText } from "./entities.js";
import { drawKeyboard, newKeyboard } from "./keyboard.js";
import { pollBox } from "./poll.js";
import { beginning, serviceLine } from "./service.js";
import { authorOf, isGroup, sideOf, view } from "../state.js";
import { fileUrl } from "../api.js";

const drawn = new WeakMap(); // article → what its bubble shows, to tell an edit of the words from one of the keys

export function newMessage(message) {
  const author = serviceLine(message) ? "service" : sideOf(message);
  const node = el("article", { class: "message", "data-message-id": message.message_id, "data-author": author });
  node.append(el("div", { class: "bubble" }), newKeyboard());
  drawMessage(node, message);
  return node;
}

/** Show the message as it is now; true when its words (or picture) are other ones than before. */
export function drawMessage(node, message) {
  const [bubble, keyboard] = node.children;
  const { text, entities, caption, caption_entities, photo, document, poll } = message;
  const votes = poll && view.chat.votes[poll.id];
  const content = JSON.stringify([text, entities, caption, caption_entities, photo, document, poll, votes]);
  const changed = drawn.get(node) !== content;
  if (changed) bubble.replaceChildren(...partsOf(message));
  drawn.set(node, content);
  drawMeta(node, message);
  const rows = message.reply_markup?.inline_keyboard ?? [];
  drawKeyboard(keyboard, rows);
  node.classList.toggle("with-keys", rows.length > 0);
  return changed;
}

function drawMeta(node, message) {
  const words = [message.edit_date ? "edited" : "", clock(message.date)].filter(Boolean);
  node.querySelector(".meta").textContent = words.join(" ");
  const author = node.dataset.author === "me" ? "You" : authorOf(message);
  node.setAttribute("aria-label", [author, ...words.reverse()].join(", "));
}

function partsOf(message) {
  const meta = el("span", { class: "meta", "aria-hidden": "true" });
  const line = serviceLine(message);
  if (line) return [el("span", { class: "words" }, line), meta];
  return [...headOf(message), ...contentOf(message), meta, ...keysOf(message)];
}

/** Who wrote it, by way of whom, and what it answers. */
function headOf(message) {
  const parts = [];
  if (isGroup() && sideOf(message) !== "me") parts.push(el("span", { class: "author" }, authorOf(message)));
  if (message.via_bot) parts.push(el("span", { class: "via" }, `via @${message.via_bot.username}`));
  if (message.forward_origin) parts.push(el("span", { class: "via" }, `Forwarded from ${originOf(message)}`));
  const quoted = message.reply_to_message;
  if (quoted && !serviceLine(quoted)) {
    const words = `${authorOf(quoted)}: ${beginning(quoted)}`;
    parts.push(el("button", { type: "button", class: "quoted", "data-leads-to": quoted.message_id }, words));
  }
  return parts;
}

function originOf({ forward_origin: origin }) {
  return (origin.sender_user ?? origin.sender_chat).first_name ?? origin.sender_chat.title;
}

/** What a person does with a message: answer it in a group, change it where they typed it. */
function keysOf(message) {
  const isTyped = sideOf(message) === "me" && message.text && !message.via_bot && !message.forward_origin;
  const keys = [isGroup() && ["reply-key", "Reply"], isTyped && ["edit-key", "Edit"]].filter(Boolean);
  if (!keys.length) return [];
  const buttons = keys.map(([kind, name]) => el("button", { type: "button", class: kind }, name));
  return [el("span", { class: "own-keys" }, ...buttons)];
}

function contentOf(message) {
  const parts = [];
  if (message.poll) parts.push(pollBox(message.poll, view.chat.votes[message.poll.id] ?? {}));
  if (message.photo?.length) parts.push(picture(message.photo.at(-1), message.caption));
  if (message.document) parts.push(file(message.document));
  const words = message.text ?? message.caption;
  const entities = message.text ? message.entities : message.caption_entities;
  if (words) parts.push(el("span", { class: "words" }, richText(words, entities)));
  if (!parts.length) parts.push(el("em", {}, "The playground does not show this kind of message."));
  return parts;
}

/** A picture over the whole width: a tap opens it, and a key keeps it; its caption is what it is called. */
function picture({ file_id, width, height }, caption) {
  const href = fileUrl(file_id);
  // The size is known beforehand: nothing jumps when the picture has come.
  const image = el("img", { src: href, alt: caption ?? "Picture", width, height });
  const opens = el("a", { class: "picture-open", href, target: "_blank", rel: "noopener" }, image);
  const keeps = el("a", { class: "picture-keep", href, download: "picture.png", "aria-label": "Download the picture" });
  return el("span", { class: "picture" }, opens, keeps);
}

function file({ file_id, file_name = "file", file_size }) {
  const size = file_size ? el("span", { class: "file-size" }, readableSize(file_size)) : null;
  const name = el("span", { class: "file-name" }, file_name);
  return el("a", { class: "file", href: fileUrl(file_id), download: file_name }, name, size);
}

function readableSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Name the day above its first message. */
export function markDays(nodes, dateOf) {
  let last = "";
  for (const node of nodes) {
    const day = dayName(new Date(dateOf(node) * 1000));
    if (day === last) delete node.dataset.day;
    else node.dataset.day = day;
    last = day;
  }
}

function dayName(date) {
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return "Today";
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year });
}
