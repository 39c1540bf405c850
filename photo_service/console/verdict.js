// A report as a person reads it: verdict, picture, reasons with their remedies, and the rest.

import { annotated, gravity } from "/console/annotated.js";
import { button, h, sign } from "/console/dom.js";
import { label, t, word, wordsOf } from "/console/texts.js";
import { measured, quantity } from "/console/values.js";

const SIGNS = { accepted: "accepted", rejected: "rejected", review: "review" };
const GRAVITY_SIGNS = { reject: "rejected", review: "review", note: "note" };
const STATUS_SIGNS = {
  pass: "accepted",
  warn: "note",
  fail: "rejected",
  skip: "skip",
  error: "skip",
};

/** Reasons a person should read, gravest first; checks skipped for one cause are one reason.
 *
 * Returns `[{finding, others}]`; `others`: the findings told by the same sentence. */
export function reasonsOf(report) {
  const order = ["reject", "review", "note"];
  const shown = report.findings
    .filter((finding) => finding.effect !== "none" || finding.status === "warn")
    .sort((a, b) => order.indexOf(gravity(a)) - order.indexOf(gravity(b)));
  const reasons = [];
  for (const finding of shown) {
    const alike =
      finding.status === "skip" &&
      reasons.find(({ finding: { status, code } }) => status === "skip" && code === finding.code);
    if (alike) alike.others.push(finding);
    else reasons.push({ finding, others: [] });
  }
  return reasons;
}

/** A small plate with sign and word: "accepted", "rejected" or "review". */
export function decisionChip(decision) {
  return h(
    "span",
    { class: `chip chip-${decision}` },
    sign(SIGNS[decision]),
    label(`decision_${decision}`),
  );
}

/** A whole report.
 *
 * `options`: `source`, address of the picture, or null; `sources`, those of the members; `titles`,
 * check → title; `reveal()`, resolves to the fields in full; `actions`, elements for the banner;
 * `level`, of the heading (2 by default); `bare`, without the banner; `lead`, how the keys of the
 * banner's sentences begin. */
export function verdict(report, options = {}) {
  const { source = null, titles = {}, actions = [], level = 2, bare = false } = options;
  const reasons = reasonsOf(report);
  const numbers = new Map(reasons.map(({ finding }, index) => [finding.check, index + 1]));
  const drawable = source !== null && report.image.width > 0;
  const picture = drawable ? annotated(source, report, numbers) : null;
  const overlay = report.drawings?.overlay;
  return h(
    "article",
    { class: `verdict verdict-${report.decision}` },
    !bare && banner(report, reasons, { actions, level, lead: options.lead ?? "lead_" }),
    h(
      "div",
      { class: picture || overlay ? "verdict-body" : "verdict-body verdict-plain" },
      picture
        ? h(
            "div",
            { class: "verdict-picture" },
            picture.element,
            report.drawings?.outlines.length > 0 && h("p", { class: "hint" }, t("outlines_hint")),
            rulerTable(report, picture),
            facts(report),
          )
        : overlay &&
            h(
              "div",
              { class: "verdict-picture" },
              h("img", { class: "sheet", src: overlay, alt: t("overlay_alt") }),
              facts(report),
            ),
      h(
        "div",
        { class: "verdict-words" },
        reasonList(reasons, picture, titles, level + 1),
        report.fields && fieldTable(report.fields, options.reveal, level + 1),
        evidenceList(report, level + 1),
        checkTable(report, titles, level + 1),
        !picture && !overlay && facts(report),
      ),
      report.members && memberList(report.members, options, level + 1),
    ),
  );
}

function banner(report, reasons, { actions, level, lead }) {
  const count = reasons.filter(({ finding }) => gravity(finding) !== "note").length;
  return h(
    "header",
    { class: "banner" },
    sign(SIGNS[report.decision]),
    h(
      "div",
      { class: "banner-words" },
      h(`h${level}`, { tabindex: -1 }, label(`decision_${report.decision}`)),
      h("p", {}, t(`${lead}${report.decision}`, { count })),
    ),
    actions.length > 0 && h("div", { class: "actions" }, actions),
  );
}

function facts({ image }) {
  const parts = [
    image.name,
    image.format && word(image.format),
    image.width > 0 && `${image.width} × ${image.height}`,
    image.bytes > 0 && quantity(image.bytes, "bytes"),
  ];
  return h("p", { class: "facts" }, parts.filter(Boolean).join(" · "));
}

function rulerTable(report, picture) {
  const checks = (report.drawings?.rulers ?? []).map(({ check }) => check);
  const rows = report.findings.filter(({ check }) => checks.includes(check));
  if (!rows.length) return null;
  return h(
    "table",
    { class: "rulers" },
    h("caption", {}, t("rulers_title")),
    h(
      "tbody",
      {},
      rows.map((finding) => {
        const [value, allowed] = measured(finding);
        const on = {
          mouseenter: () => picture.highlight(finding.check),
          mouseleave: () => picture.highlight(null),
        };
        return h(
          "tr",
          { class: `is-${gravity(finding)}`, on },
          h(
            "th",
            { scope: "row" },
            sign(STATUS_SIGNS[finding.status]),
            label(finding.check.replace("/", "_")),
          ),
          h("td", {}, h("span", { class: "visually-hidden" }, label("column_value")), value),
          h("td", {}, t("allowed", { allowed })),
        );
      }),
    ),
  );
}

function reasonList(reasons, picture, titles, level) {
  if (!reasons.length) return h("p", { class: "no-reasons" }, t("no_reasons"));
  const items = reasons.map((reason, index) => reasonItem(reason, index + 1, picture, titles));
  const grave = reasons.filter(({ finding }) => gravity(finding) !== "note").length;
  const hints = items.slice(grave);
  return h(
    "section",
    { class: "reasons" },
    grave > 0 && [h(`h${level}`, {}, t("reasons_title")), h("ol", {}, items.slice(0, grave))],
    hints.length > 0 &&
      h(
        "details",
        // Beside graver reasons hints wait to be asked for.
        { open: grave === 0 },
        h("summary", {}, t("hints_title", { count: hints.length })),
        h("ol", { start: grave + 1 }, hints),
      ),
  );
}

function reasonItem({ finding, others }, number, picture, titles) {
  const grave = gravity(finding);
  const [value, allowed] = measured(finding);
  const drawn = picture?.has(finding.check);
  const pin =
    drawn &&
    h("button", { class: "link", type: "button", "aria-pressed": "false" }, t("show_in_picture"));
  const item = h(
    "li",
    { class: `reason reason-${grave}`, "data-check": finding.check },
    h("span", { class: "number", "aria-hidden": "true" }, number),
    h(
      "div",
      {},
      h(
        "p",
        { class: "reason-head" },
        h(
          "span",
          { class: `chip chip-${grave}` },
          sign(GRAVITY_SIGNS[grave]),
          t(`gravity_${grave}`),
        ),
        others.length === 0 && h("span", { class: "reason-title" }, titles[finding.check]),
      ),
      h("p", { class: "reason-message" }, finding.message),
      others.length > 0 &&
        h(
          "p",
          { class: "hint" },
          t("also_about", {
            checks: [finding, ...others]
              .map(({ check }) => titles[check] ?? check)
              .join(label("list_separator")),
          }),
        ),
      finding.advice &&
        h("p", { class: "reason-advice" }, h("strong", {}, t("how_to_fix")), finding.advice),
      h(
        "p",
        { class: "reason-foot" },
        value && h("span", {}, t("measured", { value })),
        allowed && h("span", {}, t("allowed", { allowed })),
        finding.clause &&
          others.length === 0 &&
          h("span", {}, t("clause", { clause: finding.clause })),
      ),
      pin,
    ),
  );
  if (drawn) {
    const pinned = () => pin.getAttribute("aria-pressed") === "true";
    const show = () => picture.highlight(finding.check);
    const hide = () => pinned() || picture.highlight(null);
    item.addEventListener("mouseenter", show);
    item.addEventListener("mouseleave", hide);
    item.addEventListener("focusin", show);
    item.addEventListener("focusout", () => {
      pin.setAttribute("aria-pressed", "false");
      picture.highlight(null);
    });
    pin.addEventListener("click", () => {
      pin.setAttribute("aria-pressed", String(!pinned()));
      show();
      picture.element.scrollIntoView({ block: "nearest" });
    });
  }
  return item;
}

function memberList(members, { sources = [], titles, level = 2 }, heading) {
  return h(
    "section",
    { class: "members" },
    h(`h${heading}`, {}, t("members_title", { count: members.length })),
    h(
      "ol",
      {},
      members.map((member, index) => {
        const first = reasonsOf(member)[0]?.finding.message ?? "";
        return h(
          "li",
          {},
          h(
            "details",
            {},
            h(
              "summary",
              {},
              h("span", { class: "number" }, index + 1),
              h("span", { class: "member-name" }, member.image.name),
              decisionChip(member.decision),
              h("span", { class: "member-more" }, t("member_more")),
              member.decision !== "accepted" && h("span", { class: "member-reason" }, first),
            ),
            verdict(member, { source: sources[index], titles, level: level + 1, bare: true }),
          ),
        );
      }),
    ),
  );
}

function fieldTable(fields, reveal, level) {
  const body = h("tbody");
  // The order in which a card shows them.
  const known = wordsOf("field_");
  const order = (name) => known.findIndex(([key]) => key === name);
  const names = Object.keys(fields).sort((a, b) => order(a) - order(b));
  const fill = (shown) => {
    body.replaceChildren(
      ...names.map((name) => [name, shown[name]]).map(([name, { value, confidence }]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, word(`field_${name}`)),
          h(
            "td",
            {},
            h("span", { class: "field-value" }, value),
            h("span", { class: "hint" }, t("read_with", { percent: Math.round(100 * confidence) })),
          ),
        ),
      ),
    );
  };
  fill(fields);
  let full = null;
  const more =
    reveal &&
    button(t("fields_reveal"), async () => {
      more.disabled = true;
      full = full ? null : await reveal();
      fill(full ?? fields);
      more.textContent = t(full ? "fields_hide" : "fields_reveal");
      more.disabled = false;
    });
  return h(
    "section",
    { class: "fields" },
    h(`h${level}`, {}, t("fields_title")),
    h("p", { class: "hint" }, t("fields_hint")),
    h("table", {}, h("caption", { class: "visually-hidden" }, t("fields_title")), body),
    more,
  );
}

function evidenceList(report, level) {
  if (!report.evidence?.length) return null;
  const views = new Map((report.drawings?.evidence ?? []).map((each) => [each.sign, each.views]));
  return h(
    "section",
    { class: "evidence" },
    h(`h${level}`, {}, t("evidence_title")),
    h("p", { class: "hint" }, t("evidence_hint")),
    report.evidence.map((each) =>
      h(
        "div",
        { class: "evidence-sign" },
        h(
          "p",
          { class: "reason-head" },
          h(
            "span",
            { class: `weight weight-${each.weight}` },
            t("weight", { weight: word(each.weight) }),
          ),
        ),
        h("p", { class: "reason-message" }, each.shows),
        h("p", { class: "hint" }, each.means),
        views.has(each.sign) &&
          h(
            "div",
            { class: "views" },
            views.get(each.sign).map(({ caption, image }) =>
              h(
                "figure",
                {},
                h("img", { src: image, alt: caption }),
                h("figcaption", {}, caption),
              ),
            ),
          ),
      ),
    ),
  );
}

function checkTable(report, titles, level) {
  const topics = new Map();
  for (const finding of report.findings) {
    const topic = finding.check.split("/")[0];
    topics.set(topic, [...(topics.get(topic) ?? []), finding]);
  }
  const passed = report.findings.filter(({ status }) => status === "pass").length;
  return h(
    "details",
    { class: "checks" },
    h("summary", {}, t("checks_title", { count: report.findings.length, passed })),
    [...topics].map(([topic, findings]) =>
      h(
        "section",
        {},
        h(`h${level}`, {}, label(`topic_${topic}`)),
        h(
          "table",
          {},
          h("caption", { class: "visually-hidden" }, label(`topic_${topic}`)),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["column_check", "column_status", "column_value", "column_allowed"].map((column) =>
                h("th", { scope: "col" }, label(column)),
              ),
            ),
          ),
          h("tbody", {}, findings.map((finding) => checkRow(finding, titles))),
        ),
      ),
    ),
  );
}

function checkRow(finding, titles) {
  const [value, allowed] = measured(finding);
  return h(
    "tr",
    { class: `is-${gravity(finding)}` },
    h("th", { scope: "row" }, titles[finding.check] ?? finding.check),
    h("td", {}, sign(STATUS_SIGNS[finding.status]), label(`status_${finding.status}`)),
    h("td", {}, value),
    h("td", {}, allowed),
  );
}
