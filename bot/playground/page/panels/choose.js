// A question with a few answers, in a dialog: resolves with the chosen one, or with null when it is left.
import { el } from "./dom.js";

const dialog = document.getElementById("chooser");

export function choose(question, answers) {
  dialog.replaceChildren(
    el("h2", {}, question),
    ...answers.map(({ name }, i) => el("button", { type: "button", class: "wide", value: String(i) }, name)),
    el("button", { type: "button", class: "quiet", value: "" }, "Cancel"),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "" ? null : answers[Number(dialog.returnValue)]);
  });
}

dialog.addEventListener("click", ({ target }) => {
  if (target.matches("button")) dialog.close(target.value);
});
