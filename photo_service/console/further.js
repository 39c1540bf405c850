// What can be done with a batch's results: save them, try other rules, compare.

import { h } from "/console/dom.js";
import { ask, count, download, moment } from "/console/parts.js";
import { ruleOptions, titleOf } from "/console/start.js";
import { language, t } from "/console/texts.js";

const FILES = ["results.csv", "results.jsonl", "summary.html"];

/** The sections; `batches`: all that are kept. */
export function further(page, batch, profiles, batches) {
  const others = batches.filter(({ id, kind, done }) => id !== batch.id && kind === batch.kind && done > 0);
  return [
    files(page, batch),
    again(page, batch, profiles),
    ...(others.length ? [comparison(batch, profiles, others)] : []),
  ];
}

function files(page, { id }) {
  const save = (file) =>
    page.guard(() => download(`/v1/batches/${id}/${file}?lang=${language()}`, `${id.slice(0, 8)}-${file}`));
  return h(
    "section",
    { class: "card-section", "aria-labelledby": "files-title" },
    h("h2", { id: "files-title" }, t("staff.files_title")),
    h(
      "div",
      { class: "actions" },
      FILES.map((file) => h("button", { class: "button", type: "button", on: { click: () => save(file) } }, file)),
    ),
    h("p", { class: "hint" }, t("staff.files_hint")),
  );
}

function again(page, batch, profiles) {
  const rules = h("select", { id: "again-profile" }, ruleOptions(profiles, batch.kind, batch.profile));
  const start = async (event) => {
    event.preventDefault();
    await page.guard(async () => {
      const query = new URLSearchParams({ profile: rules.value, lang: language() });
      const path = `/v1/batches/${batch.id}/again?${query}`;
      const answer = await ask(path, { method: "POST", signal: page.signal });
      location.hash = `/batch/${(await answer.json()).id}`;
    });
  };
  return h(
    "form",
    { class: "card-section", "aria-labelledby": "again-title", on: { submit: start } },
    h("h2", { id: "again-title" }, t("staff.again_title")),
    h("p", { class: "hint" }, t("staff.again_hint")),
    h("div", { class: "entry" }, h("label", { for: "again-profile" }, t("rules")), rules),
    h(
      "div",
      { class: "actions entry" },
      h("button", { class: "button", type: "submit", disabled: batch.state === "running" }, t("staff.again")),
    ),
  );
}

function comparison(batch, profiles, others) {
  const choices = h(
    "select",
    { id: "compare-other" },
    others.map((each) =>
      h(
        "option",
        // The run that it was made from, or that was made from it, is the likely one.
        { value: each.id, selected: each.id === batch.origin || each.origin === batch.id },
        `${titleOf(profiles, each.profile)} · ${moment(each.started)} · ${count(each.done)}`,
      ),
    ),
  );
  const compare = (event) => {
    event.preventDefault();
    const other = others.find(({ id }) => id === choices.value);
    const later = other.origin === batch.id || other.started > batch.started;
    location.hash = `/compare/${later ? `${batch.id}/${other.id}` : `${other.id}/${batch.id}`}`;
  };
  return h(
    "form",
    { class: "card-section", "aria-labelledby": "compare-title", on: { submit: compare } },
    h("h2", { id: "compare-title" }, t("staff.compare_title")),
    h("p", { class: "hint" }, t("staff.compare_hint")),
    h("div", { class: "entry" }, h("label", { for: "compare-other" }, t("staff.compare_other")), choices),
    h("div", { class: "actions entry" }, h("button", { class: "button", type: "submit" }, t("staff.compare"))),
  );
}
