// Everything said beside the conversation: toasts, alerts, and the line that says what is wrong.

const TOAST_MS = 3000;
const FADE_MS = 200; // the words go when nobody can see them go

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

const health = { connected: true, alive: true };
export function showHealth(news) {
  Object.assign(health, news);
  const trouble = byId("trouble");
  if (!health.connected) trouble.textContent = "No connection. Trying again…";
  else trouble.textContent = health.alive ? "" : "The bot is not running.";
}
