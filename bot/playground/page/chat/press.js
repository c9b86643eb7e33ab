// What a press on a button under a message does: a tap for the bot, a copy, a link, or an inline query begun.
import { choose } from "../panels/choose.js";
import { buttonOf } from "./keyboard.js";
import { follow } from "../panels/links.js";
import { alertBox, toast } from "../panels/notices.js";
import { tap } from "./taps.js";
import { openPage } from "../panels/webapp.js";
import { view } from "../state.js";

/** `place` tells where one is, `chats` gives the chats, `go` leads elsewhere, `fill` writes into the text field. */
export function presses({ place, chats, go, fill, awaitEdit }) {
  return {
    async callback(key, { callback_data: data }) {
      if (key.ariaBusy === "true") return; // the same key twice; other keys are free
      const messageId = Number(key.closest(".message").dataset.messageId);
      awaitEdit(messageId);
      key.ariaBusy = "true";
      try {
        const answer = await tap(place().chatId, messageId, data);
        showAnswer(answer);
        if (answer?.url) await follow(answer.url.replace(/^t\.me/, "https://t.me"), chats(), go);
      } catch (error) {
        toast(tapTrouble(error));
      }
      if (buttonOf(key).callback_data === data) key.ariaBusy = null;
    },
    async copy(key, { copy_text }) {
      const done = await navigator.clipboard?.writeText(copy_text.text).then(() => true, () => false);
      toast(done ? "Copied" : "This browser does not allow copying here.");
    },
    async url(key, { url }) {
      try {
        await follow(url, chats(), go);
      } catch (error) {
        toast(error.words ?? "The link could not be followed.");
      }
    },
    async page(key, { web_app: { url } }) {
      try {
        await openPage(place().chatId, Number(key.closest(".message").dataset.messageId), url);
      } catch (error) {
        toast(tapTrouble(error));
      }
    },
    here(key, { switch_inline_query_current_chat: query }) {
      fill(`@${view.bot.username} ${query}`);
    },
    async elsewhere(key, { switch_inline_query, switch_inline_query_chosen_chat }) {
      const query = switch_inline_query ?? switch_inline_query_chosen_chat.query ?? "";
      const chosen = await choose("Share in which chat?", chats().map((chat) => ({ name: chat.title, chat })));
      if (!chosen) return;
      go({ chatId: chosen.chat.id, topic: 0 });
      fill(`@${view.bot.username} ${query}`);
    },
    unknown() {
      toast("This kind of button does nothing in the playground.");
    },
  };
}

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
