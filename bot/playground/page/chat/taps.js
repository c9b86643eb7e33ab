// Taps on their way: pairs each tapped key with the bot's answer, whichever of answer and receipt comes first.
import { tapKey } from "../api.js";

const PATIENCE_MS = 15_000; // Telegram calls a query too old after about as long

const waiting = new Map(); // callback_query_id → what to do with its answer
const early = new Map(); // answers that outran the receipt of their own tap (or belong to another tab's)

/** Send a tap; resolves with `{text, show_alert}`, or with null when the bot never answers. */
export async function tap(chatId, messageId, data) {
  const { callback_query_id: id } = await tapKey(chatId, messageId, data);
  if (early.has(id)) return take(early, id);
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    setTimeout(() => take(waiting, id)?.(null), PATIENCE_MS);
  });
}

export function answered(answer) {
  const id = answer.callback_query_id;
  const resolve = take(waiting, id);
  if (resolve) return resolve(answer);
  early.set(id, answer);
  setTimeout(() => early.delete(id), PATIENCE_MS);
}

/** The stream was cut: an answer may have been missed, so nothing waits for one any more. */
export function forgetTaps() {
  for (const id of [...waiting.keys()]) take(waiting, id)(null);
}

function take(map, id) {
  const value = map.get(id);
  map.delete(id);
  return value;
}
