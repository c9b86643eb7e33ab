// The lines between the messages that say what happened to a chat: who came, who left, what was pinned.
import { authorOf, view } from "../state.js";

const names = (users) => users.map(({ first_name }) => first_name).join(", ");

const LINES = {
  new_chat_members: (message, who) => {
    const isSelf = message.new_chat_members[0].id === message.from.id;
    return isSelf ? `${who} joined` : `${who} added ${names(message.new_chat_members)}`;
  },
  left_chat_member: ({ left_chat_member: gone, from }, who) =>
    gone.id === from.id ? `${who} left` : `${who} removed ${gone.first_name}`,
  pinned_message: ({ pinned_message: pinned }, who) => `${who} pinned “${beginning(pinned)}”`,
  group_chat_created: (_, who) => `${who} began the group`,
  forum_topic_created: ({ forum_topic_created: topic }, who) => `${who} opened the topic “${topic.name}”`,
  migrate_to_chat_id: () => "This group has become a supergroup",
  migrate_from_chat_id: () => "The group is a supergroup now",
};

/** What a service message says; null for any other message. */
export function serviceLine(message) {
  const kind = Object.keys(LINES).find((key) => key in message);
  if (!kind) return null;
  return LINES[kind](message, message.from.id === view.bot.id ? view.bot.first_name : authorOf(message));
}

/** The first words of a message, for a line that only points at it. */
export function beginning(message) {
  const words = message.text ?? message.caption ?? message.poll?.question ?? "a message";
  const [line] = words.split("\n");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
