// The messages on the screen: each has its place by its number, is redrawn in place, and new ones come into view.
import { drawMessage, markDays, newMessage } from "./message.js";
import { scrollKeeper } from "../panels/scroll.js";

const EDIT_AWAITED_MS = 5000;

/** `onSize` is told how many messages there are. */
export function transcript(box, newest, onSize) {
  const nodes = new Map(); // message id → its element
  const dates = new Map(); // message id → when it was sent
  const awaited = new Map(); // message id → until when the reader, who tapped it, is waiting for its edit
  const reading = scrollKeeper(box, ({ isAtEnd, isFar }) => {
    if (isAtEnd) newest.classList.remove("unread");
    newest.hidden = !isFar && !newest.classList.contains("unread");
  });

  /** Show these messages and no others. */
  function show(messages) {
    const ids = new Set(messages.map((message) => message.message_id));
    for (const id of [...nodes.keys()]) if (!ids.has(id)) drop(id);
    for (const message of messages) draw(message);
    settle();
  }

  function put(message) {
    draw(message);
    settle();
  }

  function remove(id) {
    drop(id);
    settle();
  }

  function draw(message) {
    const id = message.message_id;
    dates.set(id, message.date);
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

  function drop(id) {
    const node = nodes.get(id);
    if (!node) return;
    nodes.delete(id);
    if (node.contains(document.activeElement)) box.focus({ preventScroll: true });
    reading.around(node, () => node.remove(), false);
  }

  function settle() {
    markDays(box.children, (node) => dates.get(Number(node.dataset.messageId)));
    onSize(nodes.size);
  }

  function toEnd() {
    newest.classList.remove("unread");
    reading.toEnd();
  }

  newest.addEventListener("click", toEnd);
  return {
    show,
    put,
    remove,
    toEnd,
    toLast: () => box.lastElementChild && reading.show(box.lastElementChild),
    lead: (id) => reading.show(nodes.get(id)),
    has: (id) => nodes.has(id),
    awaitEdit: (id) => awaited.set(id, Date.now() + EDIT_AWAITED_MS),
  };
}
