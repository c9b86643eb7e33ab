// Inline mode: what is typed behind the bot's name is asked of the bot, and its answer is offered above the text field.
import { repliedId, endReply } from "../chat/reply.js";
import { view } from "../state.js";
import { ask, choose, sendText } from "../api.js";

const text = document.getElementById("text");
const PAUSE_MS = 300; // of typing, before the bot is asked

/** `place` tells where one is, `field` is the composer, `go` leads elsewhere, `report` says what went wrong. */
export function inline({ place, field, go, report }) {
  let timer;

  function onTyped(value) {
    const query = queryIn(value);
    clearTimeout(timer);
    if (query === null) return false;
    timer = setTimeout(() => ask(place().chatId, query).catch(report), PAUSE_MS);
    return true;
  }

  function onAnswer({ inline_query_id: queryId, query, results, button }) {
    if (query !== queryIn(text.value)) return; // other words stand there by now
    const offered = results.map(({ id, title, description }) => ({
      name: title,
      about: description,
      pick: () => send(queryId, id),
    }));
    const start = button && { name: button.text, about: "", pick: () => startWith(button.start_parameter) };
    field.offer("Results", start ? [start, ...offered] : offered);
  }

  async function send(queryId, resultId) {
    const replyTo = repliedId();
    endReply();
    await choose(place(), queryId, resultId, replyTo);
  }

  async function startWith(parameter) {
    const own = { chatId: view.me.id, topic: 0 };
    go(own);
    await sendText(own, `/start ${parameter}`);
  }

  return { onTyped, onAnswer };
}

/** What is asked of the bot: all that follows its name and a space at the beginning of the text. */
function queryIn(value) {
  const name = `@${view.bot.username} `;
  return value.toLowerCase().startsWith(name.toLowerCase()) ? value.slice(name.length).slice(0, 256) : null;
}
