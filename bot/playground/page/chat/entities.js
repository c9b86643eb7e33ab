// Turns Telegram's text and entities (offsets in UTF-16 units, as JavaScript counts) into nodes.
import { el, safeUrl } from "../panels/dom.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };

export function richText(text, entities = []) {
  const spans = entities
    .map((entity) => ({ ...entity, start: entity.offset, end: entity.offset + entity.length }))
    .sort((a, b) => a.start - b.start || b.end - a.end || BLOCKS.has(b.type) - BLOCKS.has(a.type));
  return weave(text, 0, text.length, spans);
}

/** The nodes of text[from, to): plain text between the outermost spans, and each of those around its inner ones. */
function weave(text, from, to, spans) {
  const woven = document.createDocumentFragment();
  let at = from;
  const rest = [...spans];
  while (rest.length) {
    const outer = rest.shift();
    const end = Math.min(outer.end, to);
    const inner = [];
    while (rest.length && rest[0].start < end) inner.push(rest.shift());
    // An entity that crosses its neighbour's end goes on behind it.
    rest.unshift(...inner.filter((span) => span.end > end).map((span) => ({ ...span, start: end })));
    const inside = weave(text, outer.start, end, inner);
    woven.append(text.slice(at, outer.start), dress(outer, text.slice(outer.start, end), inside));
    at = end;
    if (BLOCKS.has(outer.type) && text[at] === "\n") at += 1; // a block ends its line already
  }
  woven.append(text.slice(at, to));
  return woven;
}

function dress({ type, url, language }, raw, inside) {
  if (type in TAGS) return el(TAGS[type], {}, inside);
  switch (type) {
    case "text_link": return link(url, inside);
    case "url": return link(/^[a-z][a-z0-9+.-]*:/i.test(raw) ? raw : `https://${raw}`, inside);
    case "bot_command": return el("button", { type: "button", class: "command", "data-command": raw }, inside);
    case "spoiler": return spoiler(inside);
    case "pre": return el("pre", { "data-language": language }, el("code", {}, inside));
    case "blockquote": return el("blockquote", {}, inside);
    case "expandable_blockquote": return foldingQuote(inside);
    default: return inside; // mentions, hashtags and whatever Telegram adds: plain text
  }
}

function link(raw, inside) {
  const href = safeUrl(raw);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, inside) : inside;
}

function spoiler(inside) {
  const asButton = { role: "button", tabindex: "0", "aria-label": "Hidden text: show" };
  const cover = el("span", { class: "spoiler", ...asButton }, inside);
  const lift = () => {
    cover.classList.add("lifted");
    for (const name of Object.keys(asButton)) cover.removeAttribute(name);
  };
  cover.addEventListener("click", lift, { once: true });
  cover.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    lift();
  });
  return cover;
}

// A quote of three lines or fewer needs no toggle; only the layout knows, and it changes with the width.
const folds = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const open = target.parentElement.classList.contains("open");
    target.nextElementSibling.hidden = !open && target.scrollHeight <= target.clientHeight + 2;
  }
});

function foldingQuote(inside) {
  const words = el("div", { class: "fold-words" }, inside);
  const toggle = el("button", { type: "button", class: "fold-toggle", "aria-expanded": "false" }, "Show more");
  const quote = el("blockquote", { class: "fold" }, words, toggle);
  toggle.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", open);
    toggle.textContent = open ? "Show less" : "Show more";
  });
  folds.observe(words);
  return quote;
}
