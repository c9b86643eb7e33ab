// A bot's Mini App: its page over the chat, until it closes itself or the person does.
import { el } from "./dom.js";
import { openWebApp } from "../api.js";

const dialog = document.getElementById("webapp");
let frame = null;

/** Open the page that a button names; one of another server opens in a window of its own. */
export async function openPage(chatId, messageId, url) {
  const { url: signed } = await openWebApp(chatId, messageId, url);
  const page = new URL(signed);
  if (page.port !== location.port) return void window.open(signed, "_blank", "noopener");
  // The playground answers by more than one name: the page is asked for by the one of this page.
  frame = el("iframe", { src: page.pathname + page.search + page.hash, title: "Page of the bot" });
  const close = el("button", { type: "button", class: "quiet" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(close, frame);
  dialog.showModal();
  frame.focus();
}

dialog.addEventListener("close", () => dialog.replaceChildren());
window.addEventListener("message", ({ source, origin, data }) => {
  if (origin !== location.origin || !frame || source !== frame.contentWindow) return;
  if (JSON.parse(data).eventType === "web_app_close") dialog.close();
});
