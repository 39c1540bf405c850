// Small parts of the staff views: calls with a key, numbers, times, plates, addresses, pages.

import { call } from "/console/calls.js";
import { h, sign } from "/console/dom.js";
import { askKey } from "/console/shell.js";
import { decisionChip } from "/console/verdict.js";
import { label, language, t } from "/console/texts.js";

export const DECISIONS = ["accepted", "review", "rejected", "unreadable"];

let asking = null;

/** As `call`; asks for the key when there is none, once for calls made at the same time. */
export function ask(path, options = {}) {
  const askOnce = (problem) => {
    asking ??= askKey(problem).finally(() => {
      asking = null;
    });
    return asking;
  };
  return call(path, { askKey: askOnce, ...options });
}

export async function askJson(path, options = {}) {
  return (await ask(path, options)).json();
}

/** A number as people write it here. */
export function count(number) {
  return number.toLocaleString(language());
}

export function share(part, whole) {
  const format = { style: "percent", maximumFractionDigits: 1 };
  return (whole ? part / whole : 0).toLocaleString(language(), format);
}

/** When something was, in the reader's time. */
export function moment(text) {
  const format = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language(), format).format(new Date(text));
}

/** A plate with the machine's decision. */
export function chip(decision) {
  if (decision !== "unreadable") return decisionChip(decision);
  return h("span", { class: "chip chip-unreadable" }, sign("skip"), label("decision_unreadable"));
}

/** A plate with a person's decision, and in words whose it is. */
export function overruleChip({ decision, reason, by, at }) {
  const name = decision === "accept" ? "accepted" : "rejected";
  return h(
    "span",
    { class: "by-hand" },
    h("span", { class: `chip chip-${name}` }, sign(name), t(`staff.by_hand_${decision}`)),
    h("span", { class: "by-hand-reason" }, reason),
    h("span", { class: "hint" }, `${by} · ${moment(at)}`),
  );
}

/** A plate with a batch's state. */
export function stateChip(state) {
  const names = { running: "note", finished: "accepted", cancelled: "skip" };
  return h("span", { class: `chip chip-${state}` }, sign(names[state]), t(`staff.state_${state}`));
}

/** The address of a view: its path, and what of the query is not empty. */
export function address(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value !== 0);
  const search = new URLSearchParams(kept).toString();
  return `#${path}${search && `?${search}`}`;
}

/** Save the answer of a GET as a file: a link could not carry the key. */
export async function download(path, name) {
  const link = h("a", { href: URL.createObjectURL(await (await ask(path)).blob()), download: name });
  link.click();
  // The browser has it in hand by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** "51–100 of 6,667" with buttons; `go(offset)` shows another page. */
export function pager({ offset, total }, size, go) {
  const turn = (name, to, possible) =>
    h(
      "button",
      { class: "button", type: "button", disabled: !possible, on: { click: () => go(to) } },
      t(`staff.${name}`),
    );
  const facts = { from: count(offset + 1), to: count(Math.min(offset + size, total)), total: count(total) };
  return h(
    "nav",
    { class: "pager", "aria-label": t("staff.pages") },
    turn("page_before", offset - size, offset > 0),
    h("span", {}, total ? t("staff.page_of", facts) : t("staff.none")),
    turn("page_after", offset + size, offset + size < total),
  );
}

/** Redraw a part without taking the focus from whoever is in it. */
export function keepFocus(part, draw) {
  const { activeElement } = document;
  const id = part.contains(activeElement) ? activeElement.id : "";
  draw();
  if (id) document.getElementById(id)?.focus();
}
