// The only file that talks to the playground's server: its state, its stream of events, a message sent, a key tapped.

const RETRY_MS = 2000;
const EVENTS = ["message", "edited", "deleted", "answered", "commands", "rooms", "votes", "action", "alive"];

/** A request that did not work: `status` is the HTTP status, or 0 when there was no connection. */
export class WireError extends Error {
  constructor(status) {
    super(`the server answered ${status}`);
    this.status = status;
  }
}

async function request(path, options) {
  let status = 0;
  try {
    const response = await fetch(path, { cache: "no-store", ...options });
    if (response.ok) return await response.json();
    status = response.status;
  } catch {
    // No connection, or an answer cut short: status 0 says it.
  }
  throw new WireError(status);
}

function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export const sendText = (chatId, text) => post("/play/send", { chat_id: chatId, text });

export const tapKey = (chatId, messageId, data) =>
  post("/play/tap", { chat_id: chatId, message_id: messageId, data });

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

  async function readState() {
    const opened = source;
    held = [];
    try {
      const state = await request("/play/state");
      if (opened !== source) return; // a newer stream reads its own
      onState(state);
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
    setTimeout(open, RETRY_MS);
  }

  function open() {
    source = new EventSource("/play/events");
    source.onopen = readState;
    // The browser's own retry gives up for good on an HTTP error (a proxy's 502, say): ours does not.
    source.onerror = startAgain;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => receive(name, JSON.parse(event.data)));
    }
  }

  open();
  return { readAgain: () => source && !held && readState() };
}
