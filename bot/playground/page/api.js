// The only file that talks to the playground's server: its state, its stream of events, and all that a person does.

import { view } from "./state.js";

const asked = new URLSearchParams(location.search).get("person");
const asPerson = asked ? `?person=${encodeURIComponent(asked)}` : "";
const RETRY_MS = 2000;
const EVENTS = (
  "message edited deleted votes answered inline commands rooms alive"
).split(" ");

/** A request that did not work: `status` is the HTTP status, or 0 when there was no connection; `words` say why. */
export class WireError extends Error {
  constructor(status, words) {
    super(`the server answered ${status}`);
    this.status = status;
    this.words = words;
  }
}

/** Ask for the page again: with it comes the key of the server's present run, as a cookie. */
const renewKey = () => fetch("/", { cache: "no-store" });

async function request(path, options) {
  let status = 0;
  let words = "";
  try {
    const asked = { cache: "no-store", ...options };
    let response = await fetch(path, asked);
    if (response.status === 403) {
      await renewKey(); // the server was started again since
      response = await fetch(path, asked);
    }
    if (response.ok) return await response.json();
    status = response.status;
    words = (await response.json()).error;
  } catch {
    // No connection, or an answer cut short: status 0 says it.
  }
  throw new WireError(status, words);
}

function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body) });
}

const asMe = () => ({ person_id: view.me.id });

export const sendText = ({ chatId, topic }, text, replyTo = 0) =>
  post("/play/send", { chat_id: chatId, thread: topic, reply_to: replyTo, text, ...asMe() });

export const editText = (chatId, messageId, text) =>
  post("/play/edit", { chat_id: chatId, message_id: messageId, text, ...asMe() });

export const tapKey = (chatId, messageId, data) =>
  post("/play/tap", { chat_id: chatId, message_id: messageId, data, ...asMe() });

export const openWebApp = (chatId, messageId, url) =>
  post("/play/launch", { chat_id: chatId, message_id: messageId, url, ...asMe() });

export const vote = (chatId, messageId, options) =>
  post("/play/vote", { chat_id: chatId, message_id: messageId, options, ...asMe() });

export const forward = (chatId, messageId, toChatId) =>
  post("/play/forward", { chat_id: chatId, message_id: messageId, to_chat_id: toChatId, ...asMe() });

export const ask = (chatId, query) => post("/play/inline", { chat_id: chatId, query, ...asMe() });

export const choose = ({ chatId, topic }, queryId, resultId, replyTo) => {
  const chosen = { inline_query_id: queryId, result_id: resultId };
  return post("/play/choose", { chat_id: chatId, thread: topic, reply_to: replyTo, ...chosen, ...asMe() });
};

/** Administer a chat; it names the person whom it concerns, if any. */
export const act = (what, said) => post(`/play/admin/${what}`, said);

export const fileUrl = (fileId) => `/play/file/${encodeURIComponent(fileId)}`;

/**
 * Keep a stream open for as long as the page lives. Each time it opens, the state is read anew (the server may have
 * been restarted); what happens while it is being read waits, so that an older state never overwrites a newer event.
 */
export function connect({ onState, onEvent, onConnected }) {
  let source;
  let held = null; // events waiting for the state; null when none is being read

  function receive(name, data) {
    if (held) held.push([name, data]);
    else onEvent(name, data);
  }

  async function readState(isFresh) {
    const opened = source;
    held = [];
    try {
      const state = await request(`/play/state${asPerson}`);
      if (opened !== source) return; // a newer stream reads its own
      onState(state, isFresh);
      onConnected(true);
      const missed = held;
      held = null;
      for (const [name, data] of missed) onEvent(name, data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (opened === source) startAgain();
    }
  }

  function startAgain() {
    source.close();
    source = null;
    onConnected(false);
    setTimeout(() => renewKey().catch(() => {}).then(open), RETRY_MS);
  }

  function open() {
    source = new EventSource(`/play/events${asPerson}`);
    source.onopen = () => readState(true);
    // The browser's own retry gives up for good on an HTTP error (a proxy's 502, say): ours does not.
    source.onerror = startAgain;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => receive(name, JSON.parse(event.data)));
    }
  }

  open();
  return { readAgain: () => source && !held && readState(false) };
}
