// The page's conductor: keeps the chats as the server tells them, and passes taps and words on to the server.
import { composer } from "./chat/composer.js";
import { inline } from "./panels/inline.js";
import { buttonOf, kindOf } from "./chat/keyboard.js";
import { follow } from "./panels/links.js";
import { showHealth, toast } from "./panels/notices.js";
import { drawChats, isIn, keyOf, onChatOpened, rememberChat, topicOf, chatInAddress } from "./panels/chats.js";
import { presses } from "./chat/press.js";
import { change, changed, repliedId, replyTo, endReply } from "./chat/reply.js";
import { createAdminDialog } from "./panels/admin.js";
import { answered, forgetTaps } from "./chat/taps.js";
import { drawEmpty, drawTop } from "./panels/top.js";
import { transcript } from "./chat/transcript.js";
import { isGroup, view } from "./state.js";
import { connect, editText, sendText, vote } from "./api.js";

const byId = (id) => document.getElementById(id);
const box = byId("messages");

const chats = new Map(); // chat id → the chat as the state tells of it, its messages by their numbers
const unread = new Set(); // keys of the places with messages that have not been seen
let shown = null; // the place on the screen

const allChats = () => [...chats.values()];
const report = ({ status, words }) => toast(status === 0 ? "No connection." : words || "That was not accepted.");
const onScreen = transcript(box, byId("newest"), (size) => drawEmpty(size === 0));
const field = composer({
  send,
  report: (error) => toast(sendTrouble(error)),
  onTyped: (value) => mode.onTyped(value),
});
const mode = inline({ place: () => shown, field, go, report });
const adminDialog = createAdminDialog({ chats: allChats });
const press = presses({
  place: () => shown,
  chats: allChats,
  go,
  fill: field.fill,
  awaitEdit: onScreen.awaitEdit,
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
  const wished = shown ?? chatInAddress();
  shown = wished && chats.has(wished.chatId) ? wished : { chatId: heirOf(wished?.chatId).id, topic: 0 };
  drawPlace();
  adminDialog.redraw();
  if (isFirst) onScreen.toLast();
}

/** The supergroup that a chat which is gone has become; the first chat where it is none. */
function heirOf(chatId) {
  const heirs = chatId ? allChats().filter(({ messages }) => cameFrom(chatId, [...messages.values()])) : [];
  return heirs[0] ?? allChats()[0];
}

const cameFrom = (chatId, messages) => messages.some((message) => message.migrate_from_chat_id === chatId);

const onEvent = {
  message({ chat_id: chatId, message }) {
    keep(chatId, message);
    const { migrate_to_chat_id: movedTo } = message;
    if (movedTo && chatId === shown.chatId) shown = { chatId: movedTo, topic: 0 };
  },
  edited({ chat_id, message }) {
    keep(chat_id, message);
  },
  deleted({ chat_id, message_id }) {
    chats.get(chat_id)?.messages.delete(message_id);
    if (chat_id === shown.chatId) onScreen.remove(message_id);
  },
  votes({ chat_id, poll_id, votes }) {
    const chat = chats.get(chat_id);
    if (!chat) return;
    chat.votes[poll_id] = votes;
    if (chat_id === shown.chatId) onScreen.show(messagesHere());
  },
  answered,
  inline: mode.onAnswer,
  commands: () => wire.readAgain(),
  rooms: () => wire.readAgain(),
  alive({ bot_alive }) {
    showHealth({ alive: bot_alive });
  },
};

function keep(chatId, message) {
  const chat = chats.get(chatId);
  if (!chat) return; // one that is new: the state tells of it in a moment
  const isNew = !chat.messages.has(message.message_id);
  chat.messages.set(message.message_id, message);
  if (chatId === shown.chatId && isIn(chat, shown, message)) onScreen.put(message);
  else if (isNew) {
    unread.add(keyOf({ chatId, topic: chat.is_forum ? topicOf(chat, message) : 0 }));
    drawChats(allChats(), shown, unread);
  }
}

// Where one is

function messagesHere() {
  return [...view.chat.messages.values()].filter((message) => isIn(view.chat, shown, message));
}

function go(place) {
  if (!chats.has(place.chatId)) return;
  shown = place;
  onScreen.show([]);
  endReply();
  rememberChat(place);
  drawPlace();
  onScreen.toEnd();
}

function drawPlace() {
  view.chat = chats.get(shown.chatId);
  unread.delete(keyOf(shown));
  drawChats(allChats(), shown, unread);
  drawTop(shown);
  field.setCommands(view.chat.commands, isGroup() ? `@${view.bot.username}` : "");
  onScreen.show(messagesHere());
}

/** Lead to a message, in another topic where it stands there. */
function lead(id) {
  const message = view.chat.messages.get(id);
  if (!message) return toast("That message is no longer there.");
  if (!onScreen.has(id)) go({ chatId: shown.chatId, topic: topicOf(view.chat, message) });
  onScreen.lead(id);
}

// What the person does

async function send(text) {
  const [reply, edited] = [repliedId(), changed()];
  endReply();
  if (edited) await editText(shown.chatId, edited, text);
  else await sendText(shown, text, reply);
}

function sendTrouble({ status, words }) {
  if (status === 0) return "No connection. The message was not sent.";
  return words || "The message was not accepted. Please try again.";
}

// What a click in the messages means, by the selector of what was hit.
const hits = {
  ".key": (key) => press[kindOf(buttonOf(key))](key, buttonOf(key)),
  ".command": (command) => field.submit(command.dataset.command),
  ".reply-key": (_, id) => replyTo(view.chat.messages.get(id)),
  ".edit-key": (_, id) => {
    field.fill(view.chat.messages.get(id).text);
    change(view.chat.messages.get(id));
  },
  "[data-options]": (option, id) => vote(shown.chatId, id, JSON.parse(option.dataset.options)).catch(report),
  "[data-leads-to]": (quoted) => lead(Number(quoted.dataset.leadsTo)),
  "a[href^='https://t.me/']": (link, _, event) => {
    event.preventDefault();
    follow(link.href, allChats(), go).catch(report);
  },
};

box.addEventListener("click", (event) => {
  const messageId = Number(event.target.closest(".message")?.dataset.messageId);
  for (const [selector, act] of Object.entries(hits)) {
    const hit = event.target.closest(selector);
    if (hit) act(hit, messageId, event);
  }
});
box.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") byId("text").focus(); // past all the keys below
});
byId("pinned").addEventListener("click", ({ currentTarget }) => lead(Number(currentTarget.dataset.leadsTo)));
byId("start").addEventListener("click", () => field.submit("/start"));
onChatOpened(go);

const wire = connect({
  onState,
  onEvent: (name, data) => onEvent[name](data),
  onConnected: (connected) => showHealth({ connected }),
});
