// The page's conductor: keeps the chats as the server tells them, and passes taps and words on to the server.
import { composer } from "./composer.js";
import { safeUrl } from "./dom.js";
import { buttonOf, kindOf } from "./keyboard.js";
import { drawMessage, markDays, newMessage } from "./message.js";
import { alertBox, clearAction, showAction, showHealth, toast } from "./notices.js";
import { readingPlace } from "./reading.js";
import { answered, forgetTaps, tap } from "./taps.js";
import { connect, sendText } from "./wire.js";

const EDIT_AWAITED_MS = 5000;

const byId = (id) => document.getElementById(id);
const box = byId("messages");
const newest = byId("newest");

const chats = new Map(); // chat id → Map(message id → Message)
const nodes = new Map(); // message id → its element, of the chat that is shown
const awaited = new Map(); // message id → until when the reader, who tapped it, is waiting for its edit
let shown = null; // the id of the chat on the screen

const reading = readingPlace(box, ({ isAtEnd, isFar }) => {
  if (isAtEnd) newest.classList.remove("unread");
  newest.hidden = !isFar && !newest.classList.contains("unread");
});
const field = composer({ send: (text) => sendText(shown, text), report: (error) => toast(sendTrouble(error)) });

// What the server tells

function onState(state) {
  const isFirst = shown === null;
  forgetTaps();
  chats.clear();
  for (const { id, messages } of state.chats) {
    chats.set(id, new Map(messages.map((message) => [message.message_id, message])));
  }
  shown = state.chats[0]?.id ?? state.person.id; // a private chat has its person's id
  byId("bot-name").textContent = state.bot.first_name;
  field.setCommands(state.commands);
  showHealth({ alive: state.bot_alive });
  drawChat();
  const last = box.lastElementChild;
  if (isFirst && last) reading.show(last);
}

const onEvent = {
  message({ chat_id, message }) {
    if (message.from?.is_bot) clearAction();
    keep(chat_id, message);
  },
  edited({ chat_id, message }) {
    keep(chat_id, message);
  },
  deleted({ chat_id, message_id }) {
    chats.get(chat_id)?.delete(message_id);
    if (chat_id !== shown) return;
    removeNode(message_id);
    drawSurroundings();
  },
  answered,
  commands: () => wire.readAgain(),
  rooms: () => wire.readAgain(),
  votes() {},
  action({ chat_id, action }) {
    if (chat_id === shown) showAction(action);
  },
  alive({ bot_alive }) {
    showHealth({ alive: bot_alive });
  },
};

function keep(chatId, message) {
  if (!chats.has(chatId)) chats.set(chatId, new Map());
  chats.get(chatId).set(message.message_id, message);
  if (chatId !== shown) return;
  putNode(message);
  drawSurroundings();
}

// What is drawn

function drawChat() {
  const messages = chats.get(shown) ?? new Map();
  for (const id of [...nodes.keys()]) if (!messages.has(id)) removeNode(id);
  for (const message of messages.values()) putNode(message);
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
  const messages = chats.get(shown) ?? new Map();
  markDays(box.children, (node) => messages.get(Number(node.dataset.messageId)).date);
  byId("empty").hidden = nodes.size > 0;
}

// What the person does

const press = {
  async callback(key, { callback_data: data }) {
    if (key.ariaBusy === "true") return; // the same key twice; other keys are free
    const messageId = Number(key.closest(".message").dataset.messageId);
    awaited.set(messageId, Date.now() + EDIT_AWAITED_MS);
    key.ariaBusy = "true";
    try {
      showAnswer(await tap(shown, messageId, data));
    } catch (error) {
      toast(tapTrouble(error));
    }
    if (buttonOf(key).callback_data === data) key.ariaBusy = null;
  },
  async copy(key, { copy_text }) {
    const done = await navigator.clipboard?.writeText(copy_text.text).then(() => true, () => false);
    toast(done ? "Copied" : "This browser does not allow copying here.");
  },
  url(key, { url }) {
    window.open(safeUrl(url), "_blank", "noopener");
  },
  unknown() {
    toast("This kind of button does nothing in the playground.");
  },
};

function showAnswer(answer) {
  if (!answer?.text) return;
  if (answer.show_alert) alertBox(answer.text);
  else toast(answer.text);
}

function tapTrouble({ status }) {
  if (status === 0) return "No connection. The tap was not sent.";
  if (status === 409) return "That button has just changed.";
  if (status === 404) return "That message is no longer there.";
  return "The tap was not accepted. Please try again.";
}

function sendTrouble({ status }) {
  if (status === 0) return "No connection. The message was not sent.";
  return "The message was not accepted. Please try again.";
}

box.addEventListener("click", ({ target }) => {
  const key = target.closest(".key");
  if (key) press[kindOf(buttonOf(key))](key, buttonOf(key));
  const command = target.closest(".command");
  if (command) field.submit(command.dataset.command);
});
box.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") byId("text").focus(); // past all the keys below
});
byId("start").addEventListener("click", () => field.submit("/start"));
newest.addEventListener("click", () => reading.toEnd());

const wire = connect({
  onState,
  onEvent: (name, data) => onEvent[name](data),
  onConnected: (connected) => showHealth({ connected }),
});
