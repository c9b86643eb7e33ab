// Links to the bot: followed inside the playground, as Telegram's apps follow them, and all other links outside.
import { choose } from "./choose.js";
import { safeUrl } from "./dom.js";
import { act, sendText } from "../api.js";
import { view } from "../state.js";

const PRESENT = new Set(["creator", "administrator", "member"]);

export const isMemberOf = (chat) =>
  chat.members.some(({ id, status }) => id === view.me.id && PRESENT.has(status));

/** Follow a link; `chats` are those of the person, `go` leads to a place. */
export async function follow(raw, chats, go) {
  const url = safeUrl(raw);
  const link = url && new URL(url);
  const isOurs = link?.host === "t.me" && link.pathname.slice(1).toLowerCase() === view.bot.username.toLowerCase();
  if (!isOurs) return void window.open(url, "_blank", "noopener");
  if (link.searchParams.has("startgroup")) return startInGroup(link.searchParams.get("startgroup"), chats, go);
  go({ chatId: view.me.id, topic: 0 });
  const payload = link.searchParams.get("start");
  if (payload !== null) await sendText({ chatId: view.me.id, topic: 0 }, ["/start", payload].join(" ").trim());
}

async function startInGroup(payload, chats, go) {
  const groups = chats.filter((chat) => chat.type !== "private" && isMemberOf(chat));
  const chosen = await choose("Add the bot to which group?", groups.map((chat) => ({ name: chat.title, chat })));
  if (!chosen) return;
  const { id, bot } = chosen.chat;
  if (!PRESENT.has(bot)) await act("bot", { chat_id: id, status: "member", person_id: view.me.id });
  go({ chatId: id, topic: 0 });
  await sendText({ chatId: id, topic: 0 }, `/start@${view.bot.username} ${payload}`.trim());
}
