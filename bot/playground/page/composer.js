// The text field, its Send button and the list of commands, which opens with the menu button or a typed "/".
import { el } from "./dom.js";

export function composer({ send, report }) {
  const [form, text, list, menu] = ["composer", "text", "commands", "menu"].map((id) => document.getElementById(id));
  let commands = [];
  let suffix = ""; // in a group a command names the bot
  let active = 0;

  const isOpen = () => !list.hidden;
  const options = () => [...list.children];

  function open(shown) {
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

  function option({ command, description }, i) {
    const name = el("span", { class: "command-name" }, `/${command}`);
    const about = el("span", { class: "command-about" }, description);
    return el("li", { id: `command-${i}`, role: "option", "data-command": `/${command}${suffix}` }, name, about);
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

  function choose() {
    const { command } = options()[active].dataset;
    if (text.value.startsWith("/")) write("");
    close();
    submit(command);
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
      write(`${options()[active].dataset.command} `); // to be completed by hand
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
    const typed = /^\/(\w*)$/.exec(text.value);
    open(typed ? commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : []);
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
    setCommands: (news, named) => {
      commands = news;
      suffix = named;
      menu.hidden = news.length === 0;
    },
  };
}
