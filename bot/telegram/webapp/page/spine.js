// The page's only script: marks in the drawing what is ticked, sends it once, and says what became of it.
"use strict";

const byId = (id) => document.getElementById(id);
const words = JSON.parse(byId("words").textContent);
const form = byId("form");
const drawing = byId("drawing");
const launch = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData") ?? "";
const tap = new URLSearchParams(location.search).get("tap") ?? "";

/** What Telegram's apps listen to; in the playground, and in Telegram in a browser, the page around this one. */
function tell(eventType) {
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(eventType, "{}");
  else if (window.external && "notify" in window.external) {
    window.external.notify(JSON.stringify({ eventType, eventData: {} }));
  } else if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType, eventData: {} }), "*");
}

const levels = () => [...form.querySelectorAll("[name=levels]:checked")].map(({ value }) => value);
const part = () => form.querySelector("[name=part]:checked").value;
const say = (text) => (byId("said").textContent = text);
const inOrder = (a, b) => words.order.indexOf(a) - words.order.indexOf(b);

function draw() {
  const chosen = levels().sort(inOrder);
  for (const bone of drawing.querySelectorAll("[data-level]")) {
    bone.classList.toggle("on", chosen.includes(bone.dataset.level));
  }
  drawing.dataset.part = chosen.length === 1 ? part() : ""; // of several, nobody has said which part of which one
  byId("send").disabled = chosen.length === 0;
  say(chosen.join(", ") || words.nothing);
}

async function send() {
  byId("send").disabled = true;
  say(words.sending);
  let answer;
  try {
    const body = JSON.stringify({ launch, tap, levels: levels().sort(inOrder), part: part() });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(location.pathname, { method: "POST", headers, body, cache: "no-store" });
    answer = await response.json();
  } catch {
    answer = { text: words.failed, again: true }; // sent twice, it counts once
  }
  say(answer.text);
  byId("send").disabled = !answer.again;
  if (answer.done) tell("web_app_close");
}

form.addEventListener("change", draw);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
drawing.addEventListener("click", ({ target }) => {
  const level = target.closest("[data-level]")?.dataset.level;
  if (level) form.querySelector(`[name=levels][value=${level}]`).click();
});
draw();
tell("web_app_ready");
tell("web_app_expand");
