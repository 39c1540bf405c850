// Charts made by hand: how the verdicts divide, and what stopped pictures. Words and numbers stand
// beside every bar, so that nothing is told by length or colour alone.

import { h, s } from "/console/dom.js";
import { count, DECISIONS, share } from "/console/parts.js";
import { label, t } from "/console/texts.js";

const SHOWN = 10;

/** One bar, divided by verdict; what is not judged yet stays grey. */
export function division(counts, total) {
  let start = 0;
  const parts = DECISIONS.map((decision) => {
    const width = total ? (100 * counts[decision]) / total : 0;
    const part = s("rect", { class: `part-${decision}`, x: start, y: 0, width, height: 10 });
    start += width;
    return part;
  });
  return s(
    "svg",
    { class: "division", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    parts,
  );
}

/** A tile a verdict, with its number; `choose(decision)` shows only those, "" all of them. */
export function tiles(counts, done, chosen, choose) {
  return h(
    "div",
    { class: "tiles", role: "group", "aria-label": t("staff.filter_decision") },
    DECISIONS.map((decision) =>
      h(
        "button",
        {
          class: `tile tile-${decision}`,
          id: `tile-${decision}`,
          type: "button",
          "aria-pressed": String(decision === chosen),
          on: { click: () => choose(decision === chosen ? "" : decision) },
        },
        h("span", { class: "tile-name" }, label(`decision_${decision}`)),
        h("span", { class: "tile-number" }, count(counts[decision])),
        h("span", { class: "hint" }, share(counts[decision], done)),
      ),
    ),
  );
}

/** What stopped how many pictures, most first. `titles`: code → sentence; `choose(code)`. */
export function reasons(codes, titles, chosen, choose, open) {
  const all = Object.entries(codes);
  if (!all.length) return h("p", { class: "hint" }, t("staff.reasons_none"));
  const most = Math.max(...all.map(([, number]) => number));
  const row = ([code, number]) =>
    h(
      "tr",
      { class: code === chosen ? "chosen-row" : null },
      h(
        "th",
        { scope: "row" },
        h(
          "button",
          {
            class: "link",
            id: `reason-${code}`,
            type: "button",
            "aria-pressed": String(code === chosen),
            on: { click: () => choose(code === chosen ? "" : code) },
          },
          titles[code] ?? code,
        ),
        h("code", {}, code),
      ),
      h(
        "td",
        { class: "bar-cell" },
        s(
          "svg",
          { class: "bar-chart", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
          s("rect", { x: 0, y: 0, width: (100 * number) / most, height: 10 }),
        ),
      ),
      h("td", { class: "figure" }, count(number)),
    );
  const table = (rows, caption) =>
    h(
      "table",
      { class: "reasons-chart" },
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        { class: "visually-hidden" },
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("staff.column_reason")),
          h("th", { scope: "col" }, t("staff.column_bar")),
          h("th", { scope: "col" }, t("staff.column_pictures")),
        ),
      ),
      h("tbody", {}, rows.map(row)),
    );
  const rest = all.slice(SHOWN);
  return h(
    "div",
    {},
    table(all.slice(0, SHOWN), t("staff.reasons_title")),
    rest.length > 0 &&
      h(
        "details",
        { open: open || rest.some(([code]) => code === chosen) },
        h("summary", { id: "reasons-rest" }, t("staff.reasons_rest", { count: rest.length })),
        table(rest, t("staff.reasons_rest", { count: rest.length })),
      ),
  );
}
