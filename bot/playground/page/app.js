// The page's conductor: keeps the chats as the server tells them, and passes taps and words on to the server.
import { composer } from "./composer.js";
import { buttonOf, kindOf } from "./keyboard.js";
import { inline } from "./inline.js";
import { follow } from "./links.js";
import { drawMessage, markDays, newMessage } from "./message.js";
import { clearAction, showAction, showHealth, toast } from "./notices.js";
import { drawPlaces, isIn, keyOf, onPlace, rememberPlace, topicOf, wishedPlace } from "./places.js";
import { presses } from "./press.js";
import { readingPlace } from "./reading.js";
import { replied, replyTo, replyToNone } from "./replying.js";
import { stage } from "./stage.js";
import { drawEmpty, drawTop } from "./top.js";
import { answered, forgetTaps } from "./taps.js";
import { isGroup, sideOf, view } from "./view.js";
import { connect, sendText, vote } from "./wire.js";

const EDIT_AWAITED_MS = 5000;

const byId = (id) => document.getElementById(id);
const box = byId("messages");
const newest = byId("newest");

const chats = new Map(); // chat id → the chat as the state tells of it, its messages by their numbers
const nodes = new Map(); // message id → its element, of the place that is shown
const awaited = new Map(); // message id → until when the reader, who tapped it, is waiting for its edit
const unread = new Set(); // keys of the places with messages that have not been seen
let shown = null; // the place on the screen

const reading = readingPlace(box, ({ isAtEnd, isFar }) => {
  if (isAtEnd) newest.classList.remove("unread");
  newest.hidden = !isFar && !newest.classList.contains("unread");
});
const report = (error) => toast(sendTrouble(error));
const field = composer({ send, report, onTyped: (value) => mode.onTyped(value) });
const mode = inline({ place: () => shown, field, go, report });
const theStage = stage({ chats: allChats });
const press = presses({
  place: () => shown,
  chats: allChats,
  go,
  fill: field.fill,
  awaitEdit: (id) => awaited.set(id, Date.now() + EDIT_AWAITED_MS),
});

// What the server tells

function onState(state, isFresh) {
  const isFirst = shown === null;
  if (isFresh) forgetTaps();
  chats.clear();
  for (const chat of state.chats) {
    chats.set(chat.id, { ...chat, messages: new Map(chat.messages.map((message) => [message.message_id, message])) });
  }
  Object.assign(view, { me: state.person, bot: state.bot, people: state.people });
  showHealth({ alive: state.bot_alive });
  const wished = shown ?? wishedPlace();
  shown = wished && chats.has(wished.chatId) ? wished : { chatId: state.chats[0].id, topic: 0 };
  drawPlace();
  theStage.redraw();
  const last = box.lastElementChild;
  if (isFirst && last) reading.show(last);
}

const onEvent = {
  message({ chat_id: chatId, message }) {
    if (chatId === shown.chatId && sideOf(message) === "bot") clearAction();
    keep(chatId, message);
    if (message.migrate_to_chat_id && chatId === shown.chatId) shown = { chatId: message.migrate_to_chat_id, topic: 0 };
  },
  edited({ chat_id, message }) {
    keep(chat_id, message);
  },
  deleted({ chat_id, message_id }) {
    chats.get(chat_id)?.messages.delete(message_id);
    if (chat_id !== shown.chatId) return;
    removeNode(message_id);
    drawSurroundings();
  },
  votes({ chat_id, poll_id, votes }) {
    const chat = chats.get(chat_id);
    if (!chat) return;
    chat.votes[poll_id] = votes;
    for (const message of messagesHere()) if (message.poll?.id === poll_id) putNode(message);
  },
  answered,
  inline: mode.onAnswer,
  commands: () => wire.readAgain(),
  rooms: () => wire.readAgain(),
  action({ chat_id, action }) {
    if (chat_id === shown.chatId) showAction(action);
  },
  alive({ bot_alive }) {
    showHealth({ alive: bot_alive });
  },
};

function keep(chatId, message) {
  const chat = chats.get(chatId);
  if (!chat) return; // one that is new: the state tells of it in a moment
  const isNew = !chat.messages.has(message.message_id);
  chat.messages.set(message.message_id, message);
  if (chatId === shown.chatId && isIn(chat, shown, message)) {
    putNode(message);
    drawSurroundings();
  } else if (isNew) {
    unread.add(keyOf({ chatId, topic: chat.is_forum ? topicOf(chat, message) : 0 }));
    drawPlaces(allChats(), shown, unread);
  }
}

function allChats() {
  return [...chats.values()];
}

function messagesHere() {
  const chat = chats.get(shown.chatId);
  return [...chat.messages.values()].filter((message) => isIn(chat, shown, message));
}

// What is drawn

function go(place) {
  if (!chats.has(place.chatId)) return;
  shown = place;
  for (const id of [...nodes.keys()]) removeNode(id);
  replyToNone();
  clearAction();
  rememberPlace(place);
  drawPlace();
  newest.classList.remove("unread");
  reading.toEnd();
}

function drawPlace() {
  view.chat = chats.get(shown.chatId);
  unread.delete(keyOf(shown));
  drawPlaces(allChats(), shown, unread);
  drawTop(shown);
  field.setCommands(view.chat.commands, isGroup() ? `@${view.bot.username}` : "");
  const here = messagesHere();
  const ids = new Set(here.map((message) => message.message_id));
  for (const id of [...nodes.keys()]) if (!ids.has(id)) removeNode(id);
  for (const message of here) putNode(message);
  drawSurroundings();
}

function putNode(message) {
  const id = message.message_id;
  if (nodes.has(id)) {
    const isAwaited = awaited.get(id) > Date.now();
    reading.around(nodes.get(id), () => drawMessage(nodes.get(id), message), isAwaited);
    return;
  }
  const node = newMessage(message);
  nodes.set(id, node);
  const next = [...box.children].find((other) => Number(other.dataset.messageId) > id);
  const follows = reading.isPinned() || node.dataset.author === "me";
  box.insertBefore(node, next ?? null);
  if (follows) return reading.show(node);
  newest.classList.add("unread");
  newest.hidden = false;
}

function removeNode(id) {
  const node = nodes.get(id);
  if (!node) return;
  nodes.delete(id);
  if (node.contains(document.activeElement)) box.focus({ preventScroll: true });
  reading.around(node, () => node.remove(), false);
}

function drawSurroundings() {
  markDays(box.children, (node) => view.chat.messages.get(Number(node.dataset.messageId)).date);
  drawEmpty(nodes.size === 0);
}

// What the person does

async function send(text) {
  const reply = replied();
  replyToNone();
  await sendText(shown, text, reply);
}

function sendTrouble({ status, words }) {
  if (status === 0) return "No connection. The message was not sent.";
  return words || "The message was not accepted. Please try again.";
}

box.addEventListener("click", (event) => {
  const { target } = event;
  const key = target.closest(".key");
  if (key) press[kindOf(buttonOf(key))](key, buttonOf(key));
  const command = target.closest(".command");
  if (command) field.submit(command.dataset.command);
  const message = target.closest(".message");
  const messageId = Number(message?.dataset.messageId);
  const option = target.closest("[data-options]");
  if (option) {
    const options = JSON.parse(option.dataset.options);
    vote(shown.chatId, messageId, options).catch(({ words }) => toast(words || "The vote was not accepted."));
  }
  if (target.closest(".reply-key")) replyTo(view.chat.messages.get(messageId));
  const link = target.closest("a[href^='https://t.me/']");
  if (link) {
    event.preventDefault();
    follow(link.href, allChats(), go).catch(({ words }) => toast(words || "The link could not be followed."));
  }
  const quoted = target.closest("[data-leads-to]");
  if (quoted) lead(Number(quoted.dataset.leadsTo));
});
box.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") byId("text").focus(); // past all the keys below
});
byId("pinned").addEventListener("click", ({ currentTarget }) => lead(Number(currentTarget.dataset.leadsTo)));
byId("start").addEventListener("click", () => field.submit("/start"));
newest.addEventListener("click", () => reading.toEnd());
onPlace(go);

/** Lead to a message, in another topic where it stands there. */
function lead(id) {
  const message = view.chat.messages.get(id);
  if (!message) return toast("That message is no longer there.");
  if (!nodes.has(id)) go({ chatId: shown.chatId, topic: topicOf(view.chat, message) });
  reading.show(nodes.get(id));
}

const wire = connect({
  onState,
  onEvent: (name, data) => onEvent[name](data),
  onConnected: (connected) => showHealth({ connected }),
});
