// Where the reader is: new words come into view when they were awaited, and nothing moves under a finger otherwise.

const NEAR_PX = 40; // this close to the end counts as being there
const FAR_PX = 160; // from here on a way back to the end is offered
const TOP_PX = 6; // left above a message that is brought into view: less than the gap between two
const END_PX = 12; // left below it: the padding of the box

export function scrollKeeper(box, onMove) {
  let pinned = true;

  function settle() {
    const rest = box.scrollHeight - box.scrollTop - box.clientHeight;
    pinned = rest <= NEAR_PX;
    onMove({ isAtEnd: pinned, isFar: rest >= FAR_PX });
  }

  function toEnd() {
    box.scrollTop = box.scrollHeight;
    settle();
  }

  /** Bring a message into view; of one taller than the screen its top: a card is read from its headline. */
  function show(node) {
    const top = node.offsetTop - TOP_PX;
    const bottom = node.offsetTop + node.offsetHeight + END_PX;
    const isTall = bottom - top > box.clientHeight;
    if (isTall || top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    settle();
  }

  /** Make a change to a message that is above, in or below the view. `change` returns true when its words changed. */
  function around(node, change, awaited) {
    const wasPinned = pinned;
    const { scrollTop, scrollHeight } = box; // taken now: a shrinking chat moves them by itself
    const isAbove = node.offsetTop + node.offsetHeight <= scrollTop;
    const isBelow = node.offsetTop >= scrollTop + box.clientHeight;
    const isLast = !node.nextElementSibling;
    const newWords = change();
    const isRead = !isAbove && !isBelow && (awaited || (wasPinned && isLast));
    if (newWords && isRead) show(node);
    else if (wasPinned) toEnd();
    else if (isAbove) box.scrollTop = scrollTop + box.scrollHeight - scrollHeight;
    settle();
  }

  box.addEventListener("scroll", settle, { passive: true });
  new ResizeObserver(() => {
    if (pinned) toEnd(); // the on-screen keyboard opened, or the text field grew
    else settle();
  }).observe(box);

  return { toEnd, show, around, isPinned: () => pinned };
}
