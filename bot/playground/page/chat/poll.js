// A poll in its bubble: options to tap, their shares, and who voted for what where votes have names.
import { el } from "../panels/dom.js";
import { nameOf, view } from "../state.js";

/** The poll as it is now. `data-options` of a button says what a tap on it votes for; empty takes the vote back. */
export function pollBox(poll, votes) {
  const mine = votes[view.me.id] ?? [];
  const isOpen = !poll.is_closed && (mine.length === 0 || poll.allows_revoting);
  const kind = poll.is_anonymous ? "Anonymous poll" : "Poll";
  const parts = [
    el("strong", { class: "poll-question" }, poll.question),
    el("span", { class: "poll-kind" }, poll.is_closed ? "Final results" : kind),
    ...poll.options.map((option, i) => optionRow(poll, votes, mine, i, isOpen)),
    el("span", { class: "poll-total" }, total(poll.total_voter_count)),
  ];
  if (isOpen && mine.length > 0) parts.push(voteButton([], "Retract vote", { class: "vote-back" }));
  return el("div", { class: "poll", role: "group", "aria-label": poll.question }, ...parts);
}

function optionRow(poll, votes, mine, i, isOpen) {
  const { text, voter_count: count } = poll.options[i];
  const isMine = mine.includes(i);
  const share = poll.total_voter_count ? Math.round((100 * count) / poll.total_voter_count) : 0;
  const voters = Object.keys(votes).filter((who) => votes[who].includes(i)).map((who) => nameOf(Number(who)));
  const row = voteButton(isMine && !poll.allows_multiple_answers ? mine : toggled(poll, mine, i), "", {
    class: "vote",
    "aria-pressed": String(isMine),
    disabled: !isOpen,
  });
  row.style.setProperty("--share", `${share}%`);
  row.append(
    el("span", { class: "vote-text" }, text),
    el("span", { class: "vote-count" }, count ? `${count} · ${share} %` : ""),
    poll.is_anonymous || !voters.length ? "" : el("span", { class: "voters" }, voters.join(", ")),
  );
  return row;
}

function toggled(poll, mine, i) {
  if (!poll.allows_multiple_answers) return [i];
  return mine.includes(i) ? mine.filter((other) => other !== i) : [...mine, i];
}

function voteButton(options, label, attributes) {
  return el("button", { type: "button", "data-options": JSON.stringify(options), ...attributes }, label);
}

function total(count) {
  if (count === 0) return "No votes yet";
  return count === 1 ? "1 vote" : `${count} votes`;
}
