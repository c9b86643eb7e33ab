// The text field, its Send button and the list above it: the commands (the menu button or a typed "/" opens it), or
// what the bot offers to choose from.
import { el } from "../panels/dom.js";

export function composer({ send, report, onTyped }) {
  const [form, text, list, menu] = ["composer", "text", "commands", "menu"].map((id) => document.getElementById(id));
  let commands = []; // as options of the list
  let offered = []; // the options of the list as it is: a name, what it is about, what to do, what Tab completes
  let active = 0;

  const isOpen = () => !list.hidden;
  const options = () => [...list.children];

  function open(shown, label = "Commands") {
    offered = shown;
    list.setAttribute("aria-label", label);
    list.replaceChildren(...shown.map(option));
    list.hidden = shown.length === 0;
    menu.setAttribute("aria-expanded", isOpen());
    activate(0);
  }

  function close() {
    const hadFocus = list.contains(document.activeElement);
    open([]);
    if (hadFocus) menu.focus();
  }

  function option({ name, about }, i) {
    const parts = [el("span", { class: "command-name" }, name), el("span", { class: "command-about" }, about)];
    return el("li", { id: `command-${i}`, role: "option" }, ...parts);
  }

  function activate(i) {
    const all = options();
    active = all.length ? (i + all.length) % all.length : 0;
    all.forEach((item, k) => item.setAttribute("aria-selected", k === active));
    for (const owner of [text, list]) {
      if (all.length) owner.setAttribute("aria-activedescendant", all[active].id);
      else owner.removeAttribute("aria-activedescendant");
    }
    all[active]?.scrollIntoView({ block: "nearest" });
  }

  async function choose() {
    const { pick } = offered[active];
    if (/^[/@]/.test(text.value)) write("");
    close();
    try {
      await pick();
    } catch (error) {
      report(error);
    }
  }

  function write(value) {
    text.value = value;
    text.style.height = "auto";
    const border = text.offsetHeight - text.clientHeight;
    text.style.height = `${text.scrollHeight + border}px`; // the style sheet sets the limit
    form.classList.toggle("ready", value.trim() !== "");
  }

  /** Send; words that could not be sent come back into the field, unless new ones stand there by now. */
  async function submit(words, isTyped = false) {
    try {
      await send(words);
    } catch (error) {
      if (isTyped && !text.value) write(words);
      report(error);
    }
  }

  function submitTyped() {
    const words = text.value.trim();
    if (!words) return;
    write("");
    close();
    submit(words, true);
  }

  // While the list is open, these keys are its own, whether the focus is in it or in the text field.
  const listKeys = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active - 1),
    Home: () => activate(0),
    End: () => activate(-1),
    Escape: close,
    Enter: choose,
    " ": choose,
    Tab: () => {
      if (!offered[active].completed) return choose();
      write(offered[active].completed); // to be finished by hand
      close();
      text.focus();
    },
  };
  const onlyInList = new Set([" ", "Home", "End"]);

  function onKey(event) {
    if (event.isComposing || (event.key === "Tab" && event.shiftKey)) return;
    const isTyping = event.target === text;
    const listKey = isOpen() && !(isTyping && onlyInList.has(event.key)) && listKeys[event.key];
    const sends = isTyping && event.key === "Enter" && !event.shiftKey;
    if (!listKey && !sends) return;
    event.preventDefault();
    if (listKey) listKey();
    else submitTyped();
  }

  text.addEventListener("input", () => {
    write(text.value);
    if (onTyped(text.value)) return; // the bot is asked; the list stays until it answers
    const typed = /^\/\w*$/.test(text.value);
    open(typed ? commands.filter(({ name }) => name.startsWith(text.value.toLowerCase())) : []);
  });
  text.addEventListener("keydown", onKey);
  list.addEventListener("keydown", onKey);
  list.addEventListener("pointermove", (event) => activateUnder(event.target));
  list.addEventListener("click", (event) => {
    activateUnder(event.target);
    choose();
  });
  menu.addEventListener("click", () => {
    if (isOpen()) return close();
    open(commands);
    list.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitTyped();
  });
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !form.contains(event.target)) close();
  });

  function activateUnder(target) {
    const i = options().indexOf(target.closest("li"));
    if (i >= 0 && i !== active) activate(i);
  }

  return {
    submit,
    fill(words) {
      write(words);
      text.focus();
      text.dispatchEvent(new Event("input"));
    },
    /** Offer something to choose from; nothing closes the list. */
    offer: (label, shown) => open(shown, label),
    setCommands: (news, suffix) => {
      commands = news.map(({ command, description }) => ({
        name: `/${command}`,
        about: description,
        pick: () => submit(`/${command}${suffix}`),
        completed: `/${command}${suffix} `,
      }));
      menu.hidden = news.length === 0;
    },
  };
}
