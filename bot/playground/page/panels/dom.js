// Small helpers to build the page's nodes: data only ever becomes text or a checked attribute, never markup.

/** An element with attributes (`false`, `null` and `undefined` leave one out) and children. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** The link, if it may be followed from here (no `javascript:`, no `data:`), else null. */
export function safeUrl(raw) {
  if (!URL.canParse(raw)) return null;
  const url = new URL(raw);
  return ["http:", "https:", "tg:"].includes(url.protocol) ? url.href : null;
}
