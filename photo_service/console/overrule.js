// What a person decides of a picture: accept or reject, with a reason, taken back or not.

import { h } from "/console/dom.js";
import { ask, overruleChip } from "/console/parts.js";
import { announce } from "/console/shell.js";
import { t } from "/console/texts.js";

const MOST_REASON = 200;
// Ready sentences, by decision: keys of texts.
const READY = {
  accept: ["accept_looked", "accept_background", "accept_hair", "accept_card"],
  reject: ["reject_other", "reject_old", "reject_edited", "reject_unclear"],
};
/** Key → what it begins to decide. */
export const DECIDING_KEYS = { a: "accept", r: "reject" };

/** The section with what stands and the form.
 *
 * `path`: of the row; `row`: as it is now; `changed(row)`: told after each change. Returns
 * `{element, begin(decision)}`; `begin` goes to the form with a decision chosen. */
export function overruleSection(page, path, row, changed) {
  const element = h("section", { class: "card-section overrule", "aria-labelledby": "overrule-title" });

  function show({ overrule }) {
    const back = h("button", { class: "button", type: "button", on: { click: () => send(null) } }, t("staff.take_back"));
    element.replaceChildren(
      h("h2", { id: "overrule-title", tabindex: -1 }, t("staff.overrule_title")),
      overrule
        ? h("p", { class: "overruled" }, overruleChip(overrule), back)
        : h("p", { class: "hint" }, t("staff.overrule_none")),
      form(),
    );
  }

  function form() {
    const reason = h("input", {
      id: "reason",
      type: "text",
      maxlength: MOST_REASON,
      required: true,
      autocomplete: "off",
    });
    const ready = h("div", { class: "ready", role: "group", "aria-label": t("staff.reason_ready") });
    const submit = (event) => {
      event.preventDefault();
      send({ decision: event.target.elements.decision.value, reason: reason.value });
    };
    return h(
      "form",
      { on: { submit } },
      h(
        "fieldset",
        { class: "entry" },
        h("legend", { class: "small-legend" }, t("staff.overrule_decision")),
        h("div", { class: "choices" }, choice("accept", ready, reason), choice("reject", ready, reason)),
      ),
      h("div", { class: "entry" }, h("label", { for: "reason" }, t("staff.reason")), ready, reason),
      h(
        "div",
        { class: "actions entry" },
        h("button", { class: "button primary", type: "submit" }, t("staff.overrule_keep")),
      ),
      h("p", { class: "hint" }, t("staff.overrule_hint")),
    );
  }

  /** A decision; with it come its ready reasons. */
  function choice(decision, ready, reason) {
    const offer = (key) => {
      const click = () => {
        reason.value = t(`staff.${key}`);
        reason.focus();
      };
      return h("button", { class: "ready-reason", type: "button", on: { click } }, t(`staff.${key}`));
    };
    const key = Object.keys(DECIDING_KEYS).find((each) => DECIDING_KEYS[each] === decision);
    return h(
      "div",
      { class: "choice" },
      h("input", {
        type: "radio",
        name: "decision",
        id: `decision-${decision}`,
        value: decision,
        required: true,
        "aria-keyshortcuts": key,
        on: { change: () => ready.replaceChildren(...READY[decision].map(offer)) },
      }),
      h("label", { for: `decision-${decision}` }, t(`staff.overrule_${decision}`)),
    );
  }

  async function send(decided) {
    const options = decided
      ? { method: "POST", body: JSON.stringify(decided), headers: { "Content-Type": "application/json" } }
      : { method: "DELETE" };
    await page.guard(
      async () => {
        const answer = await ask(`${path}/overrule`, { ...options, signal: page.signal });
        const now = await answer.json();
        show(now);
        changed(now);
        element.querySelector("h2").focus();
        announce(t(decided ? "staff.overrule_kept" : "staff.taken_back"));
      },
      () => send(decided),
    );
  }

  show(row);
  return {
    element,
    begin(decision) {
      element.querySelector(`#decision-${decision}`).click();
      element.querySelector("#reason").focus();
    },
  };
}
