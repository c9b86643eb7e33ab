// What stands above the messages: the place and who is in it, the person that one plays, the pinned message.
import { el } from "./dom.js";
import { titleOf } from "./chats.js";
import { beginning } from "../chat/service.js";
import { isGroup, view } from "../state.js";

const byId = (id) => document.getElementById(id);
const PRESENT = new Set(["creator", "administrator", "member"]);

export function drawTop(place) {
  const title = titleOf(view.chat, place);
  byId("bot-name").textContent = title;
  document.title = `${title} · ${view.me.first_name} · spinemets playground`;
  byId("bot-state").textContent = isGroup() ? `${members()} members` : "bot";
  drawPeople();
  drawPinned();
}

export function drawEmpty(isEmpty) {
  byId("empty").hidden = !isEmpty || isGroup();
  byId("silence").hidden = !isEmpty || !isGroup();
}

function members() {
  const people = view.chat.members.filter(({ status }) => PRESENT.has(status)).length;
  return people + (PRESENT.has(view.chat.bot) ? 1 : 0);
}

function drawPeople() {
  const options = view.people.map(({ id, first_name: name }) =>
    el("option", { value: id, selected: id === view.me.id }, name),
  );
  byId("person").replaceChildren(...options);
}

function drawPinned() {
  const pinned = view.chat.messages.get(view.chat.pinned.at(-1));
  const bar = byId("pinned");
  bar.hidden = !pinned;
  if (!pinned) return;
  bar.dataset.leadsTo = pinned.message_id;
  bar.textContent = `Pinned: ${beginning(pinned)}`;
}

byId("person").addEventListener("change", ({ target }) => {
  const asked = new URLSearchParams(location.search);
  asked.set("person", target.value);
  if (!isGroup()) asked.delete("chat");
  location.search = asked;
});
