// The pictures of a batch, a page at a time, by verdict, reason and people's decisions.

import { h } from "/console/dom.js";
import { address, chip, count, keepFocus, overruleChip, pager } from "/console/parts.js";
import { announce } from "/console/shell.js";
import { label, t } from "/console/texts.js";

const SIZE = 50;
const FILTERS = ["decision", "code", "overruled"];

/** What the address asks for: `decision`, `code`, `overruled` ("1" or ""). */
export function filterOf(query) {
  return Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
}

/** The same as the service's `items` takes it. */
export function itemsQuery(filter, offset, limit) {
  const query = new URLSearchParams({ offset, limit });
  for (const name of FILTERS) if (filter[name]) query.set(name, filter[name]);
  return query;
}

/** The section that shows them.
 *
 * `batch()`: progress as it is now; `filter`: as `filterOf`, and `offset`; `titles`: code →
 * sentence; `choose(change)`: changes the filter. Returns `{element, show(told)}`; `show` asks for
 * the page anew and, when `told`, says how many there are. */
export function resultList(page, { batch, filter, titles, choose }) {
  const element = h("section", { class: "card-section results", "aria-labelledby": "results-title" });
  const { id } = batch();

  async function show(told = false) {
    await page.guard(
      async () => {
        const query = itemsQuery(filter, filter.offset, SIZE);
        const found = await page.get(`/v1/batches/${id}/items?${query}`);
        keepFocus(element, () => element.replaceChildren(...parts(found)));
        if (told) announce(t("staff.found", { count: count(found.total) }));
      },
      () => show(told),
    );
  }

  function parts(found) {
    return [
      h("h2", { id: "results-title" }, t("staff.results_title")),
      filters(),
      found.items.length > 0 && table(found),
      pager(found, SIZE, (offset) => choose({ offset })),
    ].filter(Boolean);
  }

  function filters() {
    const decisions = ["rejected", "review", "unreadable", "accepted"].map((each) => [each, label(`decision_${each}`)]);
    const codes = Object.entries(batch().codes).map(([code, number]) => [
      code,
      `${titles[code] ?? code} (${count(number)})`,
    ]);
    const overruled = h("input", {
      id: "filter-overruled",
      type: "checkbox",
      checked: filter.overruled !== "",
      on: { change: (event) => choose({ overruled: event.target.checked ? "1" : "" }) },
    });
    return h(
      "div",
      { class: "filters", role: "group", "aria-label": t("staff.filter") },
      choice("decision", decisions),
      choice("code", codes),
      h(
        "div",
        { class: "choice" },
        overruled,
        h("label", { for: "filter-overruled" }, t("staff.filter_overruled")),
      ),
      h(
        "button",
        {
          class: "button",
          id: "filter-clear",
          type: "button",
          disabled: FILTERS.every((name) => filter[name] === ""),
          on: { click: () => choose({ decision: "", code: "", overruled: "" }) },
        },
        t("staff.filter_clear"),
      ),
    );
  }

  function choice(name, options) {
    const element = `filter-${name}`;
    return h(
      "div",
      {},
      h("label", { for: element }, t(`staff.filter_${name}`)),
      h(
        "select",
        { id: element, on: { change: (event) => choose({ [name]: event.target.value }) } },
        [["", t("staff.filter_all")], ...options].map(([value, words]) =>
          h("option", { value, selected: value === filter[name] }, words),
        ),
      ),
    );
  }

  function table({ items, offset }) {
    const columns = ["number", "picture", "verdict", "reason"];
    return h(
      "table",
      { class: "rows" },
      h("caption", { class: "visually-hidden" }, t("staff.results_title")),
      h(
        "thead",
        {},
        h("tr", {}, columns.map((column) => h("th", { scope: "col" }, t(`staff.column_${column}`)))),
      ),
      h("tbody", {}, items.map((item, index) => row(item, offset + index))),
    );
  }

  function row(item, at) {
    const query = { ...filter, offset: "", at: String(at) };
    return h(
      "tr",
      {},
      h("td", { class: "figure" }, count(item.number + 1)),
      h(
        "th",
        { scope: "row" },
        h("a", { id: `item-${item.number}`, href: address(`/batch/${id}/${item.number}`, query) }, item.path),
        item.id && h("span", { class: "hint" }, item.id),
      ),
      h("td", {}, chip(item.decision)),
      h("td", {}, item.reason, item.overrule && overruleChip(item.overrule)),
    );
  }

  return { element, show };
}
