// What a kind of picture must satisfy, shown before the upload.

import { h } from "/console/dom.js";
import { geometry } from "/console/geometry.js";
import { label, pick, t } from "/console/texts.js";

/** The drawing, the binding rules in short, and every rule with its clause. */
export function requirements({ rules }) {
  const drawn = geometry(rules);
  return [
    drawn &&
      h(
        "div",
        { class: "drawing" },
        h("div", { "aria-hidden": "true" }, drawn.svg),
        h("ul", { class: "notes" }, drawn.notes.map((note) => h("li", {}, note))),
      ),
    inShort(rules),
    inFull(rules),
  ].filter(Boolean);
}

function byTopic(rules) {
  const topics = new Map();
  for (const rule of rules) {
    const topic = rule.check.split("/")[0];
    topics.set(topic, [...(topics.get(topic) ?? []), rule]);
  }
  return [...topics];
}

function inShort(rules) {
  const binding = rules.filter((rule) => rule.on_fail === "reject");
  return h(
    "details",
    // On a phone the way to the upload is long enough.
    { open: matchMedia("(min-width: 40rem)").matches },
    h("summary", {}, t("rules_in_short")),
    h(
      "dl",
      { class: "in-short" },
      byTopic(binding).map(([topic, some]) => [
        h("dt", {}, label(`topic_${topic}`)),
        h("dd", {}, some.map(plain).join(t("between_rules"))),
      ]),
    ),
  );
}

function plain(rule) {
  return pick(rule.wanted).replace(/[。.]$/, "");
}

function inFull(rules) {
  return h(
    "details",
    { class: "in-full" },
    h("summary", {}, t("all_rules", { count: rules.length })),
    byTopic(rules).map(([topic, some]) =>
      h(
        "section",
        {},
        h("h4", {}, label(`topic_${topic}`)),
        h(
          "ul",
          {},
          some.map((rule) => {
            const consequence = t(`on_fail_${rule.on_fail}`);
            return h(
              "li",
              {},
              h("span", { class: "rule-title" }, pick(rule.title)),
              h("span", {}, plain(rule)),
              h("span", { class: "hint" }, `${consequence} · ${pick(rule.clause.cite)}`),
            );
          }),
        ),
      ),
    ),
  );
}
