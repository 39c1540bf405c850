// Two runs over the same pictures: where verdicts went, and which pictures those are.

import { h } from "/console/dom.js";
import { address, chip, count, DECISIONS, keepFocus, moment, overruleChip, pager } from "/console/parts.js";
import { announce } from "/console/shell.js";
import { titleOf } from "/console/start.js";
import { label, language, t } from "/console/texts.js";

const SIZE = 50;

export async function compareView(page, first, second) {
  const path = `/v1/batches/${first}/compare/${second}`;
  const filter = { before: "", after: "", offset: 0 };
  const [change, profiles, titles] = await Promise.all(
    [`${path}?limit=${SIZE}`, "/v1/profiles", `/v1/codes?lang=${language()}`].map(page.get),
  );
  page.title(t("staff.compare_heading"), [t("staff.heading"), "#/"]);
  const matrix = h("div");
  const list = h("section", { class: "card-section results", "aria-labelledby": "changed-title" });
  const name = (run) => `${titleOf(profiles, run.profile)} · ${moment(run.started)}`;

  function choose(wanted) {
    Object.assign(filter, { offset: 0, ...wanted });
    showMatrix();
    return showList();
  }

  async function showList() {
    await page.guard(async () => {
      const query = new URLSearchParams({ offset: filter.offset, limit: SIZE });
      for (const side of ["before", "after"]) if (filter[side]) query.set(side, filter[side]);
      const found = await page.get(`${path}?${query}`);
      fillList(found);
      announce(t("staff.found", { count: count(found.total) }));
    }, showList);
  }

  // --- the matrix ---

  function showMatrix() {
    keepFocus(matrix, () => matrix.replaceChildren(matrixTable()));
  }

  function matrixTable() {
    return h(
      "table",
      { class: "matrix" },
      h("caption", {}, t("staff.matrix_caption")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}, t("staff.matrix_corner")),
          DECISIONS.map((decision) => h("th", { scope: "col" }, label(`decision_${decision}`))),
        ),
      ),
      h(
        "tbody",
        {},
        DECISIONS.map((before) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, label(`decision_${before}`)),
            DECISIONS.map((after) => cell(before, after)),
          ),
        ),
      ),
    );
  }

  function cell(before, after) {
    const number = change.matrix[before][after];
    const chosen = filter.before === before && filter.after === after;
    const kind = before === after ? "same" : after === "accepted" ? "better" : "moved";
    if (!number) return h("td", { class: "cell-none" }, "·");
    return h(
      "td",
      { class: `cell-${kind}` },
      h(
        "button",
        {
          class: "cell",
          id: `cell-${before}-${after}`,
          type: "button",
          "aria-pressed": String(chosen),
          "aria-label": t("staff.matrix_cell", {
            before: label(`decision_${before}`),
            after: label(`decision_${after}`),
            count: count(number),
          }),
          on: { click: () => choose(chosen ? { before: "", after: "" } : { before, after }) },
        },
        count(number),
      ),
    );
  }

  // --- what changed ---

  function fillList(found) {
    const chosen = filter.before
      ? t("staff.changed_from_to", {
          before: label(`decision_${filter.before}`),
          after: label(`decision_${filter.after}`),
        })
      : t("staff.changed_title");
    list.replaceChildren(
      h("h2", { id: "changed-title" }, chosen),
      h("p", { class: "hint" }, t("staff.changed_hint")),
      found.rows.length ? changedTable(found.rows) : "",
      pager(found, SIZE, (offset) => {
        filter.offset = offset;
        showList();
      }),
    );
  }

  function changedTable(rows) {
    return h(
      "table",
      { class: "rows" },
      h("caption", { class: "visually-hidden" }, t("staff.changed_title")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["picture", "before", "after", "codes"].map((column) =>
            h("th", { scope: "col" }, t(`staff.column_${column}`)),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, row.path, row.overrule && overruleChip(row.overrule)),
            h("td", {}, run(first, row.before)),
            h("td", {}, run(second, row.after)),
            h("td", {}, codeList(row.gained, "gained"), codeList(row.lost, "lost")),
          ),
        ),
      ),
    );
  }

  function run(batch, { number, decision }) {
    return h("a", { class: "plain", href: address(`/batch/${batch}/${number}`) }, chip(decision));
  }

  function codeList(codes, kind) {
    if (!codes.length) return "";
    return h(
      "ul",
      { class: `codes codes-${kind}` },
      codes.map((code) =>
        h("li", {}, h("span", { class: "step-sign" }, t(`staff.code_${kind}`)), titles[code] ?? code),
      ),
    );
  }

  function codeTable() {
    const codes = [...new Set([...Object.keys(change.gained), ...Object.keys(change.lost)])];
    if (!codes.length) return h("p", { class: "hint" }, t("staff.codes_same"));
    const moved = (code) => (change.gained[code] ?? 0) + (change.lost[code] ?? 0);
    return h(
      "table",
      { class: "code-changes" },
      h("caption", { class: "visually-hidden" }, t("staff.codes_title")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["reason", "gained", "lost"].map((column) => h("th", { scope: "col" }, t(`staff.column_${column}`))),
        ),
      ),
      h(
        "tbody",
        {},
        codes
          .sort((a, b) => moved(b) - moved(a))
          .map((code) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, titles[code] ?? code, h("code", {}, code)),
              h("td", { class: "figure" }, change.gained[code] ? `+${count(change.gained[code])}` : "·"),
              h("td", { class: "figure" }, change.lost[code] ? `−${count(change.lost[code])}` : "·"),
            ),
          ),
      ),
    );
  }

  const only = [
    change.only_before && t("staff.only_before", { count: count(change.only_before) }),
    change.only_after && t("staff.only_after", { count: count(change.only_after) }),
  ].filter(Boolean);
  page.view.append(
    h(
      "div",
      { class: "intro" },
      h("h1", {}, t("staff.compare_heading")),
      h(
        "dl",
        { class: "runs" },
        h("dt", {}, t("staff.column_before")),
        h("dd", {}, h("a", { href: address(`/batch/${first}`) }, name(change.before))),
        h("dt", {}, t("staff.column_after")),
        h("dd", {}, h("a", { href: address(`/batch/${second}`) }, name(change.after))),
      ),
      only.length > 0 && h("p", { class: "hint" }, only.join(" ")),
    ),
    h(
      "div",
      { class: "staff-columns" },
      h("section", { class: "card-section", "aria-label": t("staff.matrix_caption") }, matrix),
      h(
        "section",
        { class: "card-section", "aria-labelledby": "codes-title" },
        h("h2", { id: "codes-title" }, t("staff.codes_title")),
        codeTable(),
      ),
    ),
    list,
  );
  showMatrix();
  fillList(change);
}
