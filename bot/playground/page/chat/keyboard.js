// The inline keyboard under a message: changed in place, so that quick taps and the focus survive an edit.
import { el, safeUrl } from "../panels/dom.js";

const buttons = new WeakMap(); // key element → Telegram's InlineKeyboardButton

export const buttonOf = (key) => buttons.get(key);

export function newKeyboard() {
  // The question is read aloud when it changes; seventeen keys are not.
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons", "aria-live": "off" });
}

export function drawKeyboard(box, rows = []) {
  const shape = rows.map((row) => row.length).join();
  if (box.dataset.shape !== shape) reshape(box, rows, shape);
  const keys = box.querySelectorAll(".key");
  rows.flat().forEach((button, i) => drawKey(keys[i], button));
}

function reshape(box, rows, shape) {
  const hadFocus = box.contains(document.activeElement);
  const newRow = (row) => el("div", { class: "row", "data-keys": row.length }, ...row.map(newKey));
  box.replaceChildren(...rows.map(newRow));
  box.dataset.shape = shape;
  box.hidden = rows.length === 0;
  if (!hadFocus) return;
  const heir = box.querySelector(".key") ?? document.querySelector("#messages");
  heir.focus({ preventScroll: true });
}

function newKey() {
  return el("button", { type: "button", class: "key" }, el("span", { class: "label" }));
}

function drawKey(key, button) {
  const before = buttons.get(key);
  buttons.set(key, button);
  if (before?.callback_data !== button.callback_data) key.removeAttribute("aria-busy");
  const label = key.firstElementChild;
  if (label.textContent !== button.text) label.textContent = button.text;
  if (button.text.length > 12) key.title = button.text;
  else key.removeAttribute("title");
  key.dataset.kind = kindOf(button);
  key.dataset.style = button.style ?? "";
}

export function kindOf(button) {
  if (button.callback_data !== undefined) return "callback";
  if (button.copy_text) return "copy";
  if (button.web_app) return "page";
  if (button.switch_inline_query_current_chat !== undefined) return "here";
  if (button.switch_inline_query !== undefined || button.switch_inline_query_chosen_chat) return "elsewhere";
  return safeUrl(button.url ?? "") ? "url" : "unknown";
}
