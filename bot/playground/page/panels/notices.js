// Everything said beside the conversation: toasts, alerts, what the bot is doing, and the line that says what is wrong.

const TOAST_MS = 3000;
const FADE_MS = 200; // the words go when nobody can see them go
const ACTION_MS = 5000; // as long as Telegram shows one

const ACTIONS = {
  typing: "typing…",
  upload_photo: "sending a picture…",
  upload_document: "sending a file…",
};

const byId = (id) => document.getElementById(id);

let toastTimer;
export function toast(text) {
  byId("toast").textContent = text;
  byId("toast").classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(hideToast, TOAST_MS);
}

function hideToast() {
  byId("toast").classList.remove("shown");
  toastTimer = setTimeout(() => byId("toast").replaceChildren(), FADE_MS);
}

export function alertBox(text) {
  byId("alert-text").textContent = text;
  if (!byId("alert").open) byId("alert").showModal();
}

let actionTimer;
export function showAction(action) {
  clearTimeout(actionTimer);
  byId("bot-state").textContent = ACTIONS[action] ?? "working…";
  byId("bot-state").classList.add("busy");
  actionTimer = setTimeout(clearAction, ACTION_MS);
}

let quiet = "bot"; // what stands there while the bot does nothing

export function setQuiet(words) {
  quiet = words;
  if (!byId("bot-state").classList.contains("busy")) clearAction();
}

export function clearAction() {
  clearTimeout(actionTimer);
  byId("bot-state").textContent = quiet;
  byId("bot-state").classList.remove("busy");
}

const health = { connected: true, alive: true };
export function showHealth(news) {
  Object.assign(health, news);
  const trouble = byId("trouble");
  if (!health.connected) trouble.textContent = "No connection. Trying again…";
  else trouble.textContent = health.alive ? "" : "The bot is not running.";
}
