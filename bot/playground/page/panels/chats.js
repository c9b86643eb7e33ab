// The places one can be in, each a chat or a topic of a forum: which message stands where, and the list to choose from.
import { el } from "./dom.js";

const list = document.getElementById("chat-list");
const opener = document.getElementById("open-chats");

export const keyOf = ({ chatId, topic }) => `${chatId}/${topic}`;

/** The topic of a forum in which a message stands, 0 for General and for chats without topics. */
export function topicOf(chat, message) {
  if (message.is_topic_message) return message.message_thread_id;
  return chat.topics.some(({ id }) => id === message.message_id) ? message.message_id : 0;
}

export const isIn = (chat, { topic }, message) => !chat.is_forum || topicOf(chat, message) === topic;

export function titleOf(chat, { topic }) {
  const name = chat.topics.find(({ id }) => id === topic)?.name;
  return name ? `${chat.title} · ${name}` : chat.title;
}

/** The place that the address names, or null where it names none. */
export function chatInAddress() {
  const asked = new URLSearchParams(location.search);
  if (!asked.has("chat")) return null;
  return { chatId: Number(asked.get("chat")), topic: Number(asked.get("topic") ?? 0) };
}

/** Write a place into the address, so that a reload comes back to it. */
export function rememberChat({ chatId, topic }) {
  const asked = new URLSearchParams(location.search);
  asked.set("chat", chatId);
  if (topic) asked.set("topic", topic);
  else asked.delete("topic");
  history.replaceState(null, "", `?${asked}`);
}

export function drawChats(chats, shown, unread) {
  const entries = chats.flatMap((chat) => [
    entry(chat, { chatId: chat.id, topic: 0 }, chat.is_forum ? `${chat.title} · General` : chat.title),
    ...chat.topics.map(({ id, name }) => entry(chat, { chatId: chat.id, topic: id }, name)),
  ]);
  list.replaceChildren(...entries);

  function entry(chat, place, name) {
    const key = keyOf(place);
    const isNews = unread.has(key);
    const attributes = {
      type: "button",
      class: "place",
      "data-chat": place.chatId,
      "data-topic": place.topic,
      "data-kind": place.topic ? "topic" : chat.type,
      "aria-current": key === keyOf(shown) && "true",
      "aria-label": isNews ? `${name}, news` : name,
    };
    return el("li", {}, el("button", attributes, name, isNews ? el("span", { class: "news" }) : null));
  }
}

/** Let a place be chosen from the list, which lies over the chat where the screen is narrow. */
export function onChatOpened(choose) {
  const show = (isOpen) => {
    document.body.classList.toggle("listing", isOpen);
    opener.setAttribute("aria-expanded", isOpen);
  };
  const isShown = () => document.body.classList.contains("listing");
  opener.addEventListener("click", () => {
    show(!isShown());
    if (isShown()) list.querySelector("[aria-current]")?.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest("#chats, #open-chats")) show(false);
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !isShown()) return;
    show(false);
    opener.focus();
  });
  list.addEventListener("click", ({ target }) => {
    const button = target.closest(".place");
    if (!button) return;
    show(false);
    choose({ chatId: Number(button.dataset.chat), topic: Number(button.dataset.topic) });
  });
}
