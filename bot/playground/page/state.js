// Who looks at the page, and the bot, the people and the chat that it shows; set whenever these are read or chosen.

export const view = {
  me: { id: 0, first_name: "" },
  bot: { id: 0, first_name: "", username: "" },
  people: [],
  chat: null, // the chat on the screen, as the state tells of it
};

export const isGroup = () => view.chat !== null && view.chat.type !== "private";

export const nameOf = (personId) => view.people.find(({ id }) => id === personId)?.first_name ?? "Somebody";

/** Who wrote a message, as a group names its authors. */
export function authorOf(message) {
  return message.sender_chat?.title ?? message.from?.first_name ?? "Somebody";
}

/** Whose side a message stands on: mine, the bot's, or that of another one. */
export function sideOf(message) {
  if (message.from?.id === view.me.id && !message.sender_chat) return "me";
  return message.from?.id === view.bot.id ? "bot" : "other";
}
