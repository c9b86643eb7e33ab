// Chat administration: what only a playground can do, in a dialog. People come and go, groups move, topics open.
import { choose } from "./choose.js";
import { el } from "./dom.js";
import { isMemberOf } from "./links.js";
import { toast } from "./notices.js";
import { isGroup, sideOf, view } from "../state.js";
import { act, forward } from "../api.js";

const dialog = document.getElementById("admin");
const opener = document.getElementById("open-admin");
const PRESENT = new Set(["creator", "administrator", "member"]);
const STATUS = { creator: "owner", administrator: "administrator", member: "member", left: "left", kicked: "removed" };

/** `chats` gives the chats that the person sees. */
export function createAdminDialog({ chats }) {
  const at = (more) => ({ chat_id: view.chat.id, ...more });

  function action(label, what, said) {
    const button = el("button", { type: "button" }, label);
    button.addEventListener("click", () => attempt(() => act(what, said)));
    return button;
  }

  function memberRow({ id, first_name: name, status, is_anonymous: isAnonymous }) {
    const who = (more) => at({ person_id: id, ...more });
    const words = isAnonymous ? `${STATUS[status]}, anonymous` : STATUS[status];
    const buttons = [];
    if (!PRESENT.has(status)) buttons.push(action("Join", "join", who()));
    else if (status !== "creator") {
      const isRuling = status === "administrator";
      buttons.push(action("Leave", "leave", who()), action("Remove", "kick", who()));
      const next = isRuling ? "member" : "administrator";
      buttons.push(action(isRuling ? "Demote" : "Promote", "promote", who({ status: next })));
    }
    if (status === "creator" || status === "administrator") {
      buttons.push(action(isAnonymous ? "Show name" : "Hide name", "anonymous", who({ on: !isAnonymous })));
    }
    return row(name, words, buttons);
  }

  function outsiders() {
    const inside = new Set(view.chat.members.map(({ id }) => id));
    return view.people.filter(({ id }) => !inside.has(id)).map((person) => memberRow({ ...person, status: "left" }));
  }

  function botRow() {
    const { bot } = view.chat;
    const set = (label, status) => action(label, "bot", at({ status }));
    const buttons = PRESENT.has(bot)
      ? [bot === "member" ? set("Promote", "administrator") : set("Demote", "member"), set("Remove", "kicked")]
      : [set("Add", "member")];
    return row(view.bot.first_name, STATUS[bot], buttons);
  }

  function groupParts() {
    const parts = [...view.chat.members.map(memberRow), ...outsiders(), botRow()];
    if (view.chat.type === "group") parts.push(el("p", {}, action("Make it a supergroup", "migrate", at())));
    if (view.chat.is_forum) parts.push(naming("New topic", "topic", (name) => at({ name })));
    return parts;
  }

  function privateParts() {
    const isBlocked = view.chat.bot === "kicked";
    const label = isBlocked ? "Unblock the bot" : "Block the bot";
    return [el("p", {}, action(label, "block", { person_id: view.me.id, on: !isBlocked }))];
  }

  function forwarding() {
    const button = el("button", { type: "button" }, "Forward the newest card…");
    button.addEventListener("click", () => attempt(forwardNewest));
    return el("p", {}, button);
  }

  async function forwardNewest() {
    const card = [...view.chat.messages.values()].findLast((message) => sideOf(message) === "bot");
    if (!card) return toast("There is no card here yet.");
    dialog.close();
    const open = chats().filter((chat) => chat.type === "private" || isMemberOf(chat));
    const chosen = await choose("Forward to which chat?", open.map((chat) => ({ name: chat.title, chat })));
    if (chosen) await forward(view.chat.id, card.message_id, chosen.chat.id);
  }

  function draw() {
    dialog.replaceChildren(
      el("h2", {}, `Chat administration: ${view.chat.title}`),
      ...(isGroup() ? groupParts() : privateParts()),
      forwarding(),
      naming("New group", "create", (title) => ({ title, person_id: view.me.id })),
      el("form", { method: "dialog" }, el("button", { class: "quiet" }, "Close")),
    );
  }

  opener.addEventListener("click", () => {
    draw();
    dialog.showModal();
  });
  return { redraw: () => dialog.open && draw() };
}

function row(name, words, buttons) {
  const who = el("span", {}, el("strong", {}, name), ` · ${words}`);
  return el("div", { class: "admin-row" }, who, el("span", { class: "admin-keys" }, ...buttons));
}

function naming(label, what, said) {
  const name = el("input", { "aria-label": label, placeholder: label, maxlength: "128", required: true });
  const form = el("form", { class: "naming" }, name, el("button", {}, "Make"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => act(what, said(name.value)));
  });
  return form;
}

async function attempt(deed) {
  try {
    await deed();
  } catch (error) {
    dialog.close(); // or its backdrop would lie over the words
    toast(error.words || "That did not work.");
  }
}
