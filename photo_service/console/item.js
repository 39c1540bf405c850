// One picture of a batch: what the machine said, and what a person decides.

import { h } from "/console/dom.js";
import { DECIDING_KEYS, overruleSection } from "/console/overrule.js";
import { address, ask, chip, count, overruleChip } from "/console/parts.js";
import { filterOf, itemsQuery } from "/console/results.js";
import { announce } from "/console/shell.js";
import { titleOf } from "/console/start.js";
import { language, pick, t } from "/console/texts.js";
import { verdict } from "/console/verdict.js";

const NEXT_KEYS = ["j", "ArrowRight"];
const BEFORE_KEYS = ["k", "ArrowLeft"];
// The drawing waits for the machine this long, seconds.
const DRAW_WAIT = 30;

export async function itemView(page, id, number) {
  const path = `/v1/batches/${id}`;
  const itemPath = `${path}/items/${number}`;
  const filter = filterOf(page.query);
  const at = Number(page.query.get("at") ?? number);
  const [batch, profiles, around, row] = await Promise.all([
    page.get(path),
    page.get("/v1/profiles"),
    neighbours(page, path, filter, at),
    page.get(itemPath),
  ]);
  const list = address(`/batch/${id}`, filter);
  page.title(row.path, [t("staff.heading"), "#/"], [titleOf(profiles, batch.profile), list]);

  const picture = await pictureOf(page, itemPath);
  const titles = row.report ? await checkTitles(page, row.report) : {};
  const shown = h("div");
  const standing = h("div");
  const overrule = overruleSection(page, itemPath, row, showStanding);

  function showStanding(now) {
    standing.replaceChildren(now.overrule ? overruleChip(now.overrule) : "");
  }

  // --- the machine's verdict ---

  /** `drawings`: the rulers and views made anew, or null. */
  function showReport(drawings = null) {
    if (!row.report) {
      const { message, advice } = row.error;
      shown.replaceChildren(
        h("div", { class: "card-section" }, chip("unreadable"), h("p", {}, message), h("p", { class: "hint" }, advice)),
      );
      return;
    }
    const drawable = picture?.blob.type.startsWith("image/") && !drawings;
    const report = drawings ? { ...row.report, drawings } : row.report;
    const actions = [drawable && button("staff.draw", draw), button("print", print)].filter(Boolean);
    const options = { source: picture?.url ?? null, titles, actions, lead: "staff.lead_" };
    shown.replaceChildren(verdict(report, options));
    if (!picture) shown.prepend(h("p", { class: "panel" }, t("staff.picture_gone")));
  }

  function button(text, click) {
    return h("button", { class: "button", type: "button", on: { click } }, t(text));
  }

  /** Batches keep no drawings: the picture is judged once more for them. */
  async function draw() {
    await page.guard(async () => {
      const { kind, profile } = row.report;
      const form = new FormData();
      const fields = { kind, profile: profile.name, lang: language(), drawings: "true", wait: DRAW_WAIT };
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", picture.blob, row.path);
      const answer = await ask("/v1/verifications", { method: "POST", body: form, signal: page.signal });
      showReport((await answer.json()).drawings);
      announce(t("staff.drawn"));
    }, draw);
  }

  async function print() {
    await page.guard(async () => {
      const answer = await ask(`${itemPath}/report`, { signal: page.signal });
      const frame = h("iframe", {
        class: "print-frame",
        title: t("print_frame"),
        srcdoc: await answer.text(),
        on: { load: () => frame.contentWindow.print() },
      });
      document.querySelector(".print-frame")?.remove();
      document.body.append(frame);
    }, print);
  }

  // --- the one before, the one after ---

  function step(name, neighbour, keys) {
    const query = { ...filter, at: String(neighbour?.at ?? "") };
    const words = t(`staff.item_${name}`);
    if (!neighbour) return h("span", { class: "button", "aria-disabled": "true" }, words);
    const href = address(`/batch/${id}/${neighbour.number}`, query);
    return h("a", { class: "button", href, "aria-keyshortcuts": keys.join(" ") }, words);
  }

  const before = step("before", around.before, BEFORE_KEYS);
  const next = step("next", around.next, NEXT_KEYS);
  const position = t("staff.item_of", { at: count(at + 1), total: count(around.total) });

  function pressed(event) {
    const typing = event.target.closest("input:not([type=radio]), select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (NEXT_KEYS.includes(event.key)) next.click();
    if (BEFORE_KEYS.includes(event.key)) before.click();
    if (event.key in DECIDING_KEYS) {
      event.preventDefault();
      overrule.begin(DECIDING_KEYS[event.key]);
    }
  }

  page.view.append(
    h(
      "div",
      { class: "item-head" },
      h(
        "div",
        {},
        h("h1", {}, row.path),
        h("p", { class: "hint" }, [row.id, position].filter(Boolean).join(" · ")),
        standing,
      ),
      h("nav", { class: "actions", "aria-label": t("staff.item_nav") }, before, next),
      h("p", { class: "hint keys" }, t("staff.item_keys")),
    ),
    shown,
    overrule.element,
  );
  showReport();
  showStanding(row);
  page.shown = () => {
    document.addEventListener("keydown", pressed, { signal: page.signal });
    announce(`${position} ${row.path}`);
  };
}

/** The pictures beside one at a place of the filtered list. */
async function neighbours(page, path, filter, at) {
  const from = Math.max(at - 1, 0);
  const { total, items } = await page.get(`${path}/items?${itemsQuery(filter, from, 3)}`);
  const found = (place) => {
    const item = items[place - from];
    return item ? { number: item.number, at: place } : null;
  };
  return { total, before: found(at - 1), next: found(at + 1) };
}

/** The file, to show in this page only; null when it is no longer there. */
async function pictureOf(page, itemPath) {
  try {
    const blob = await (await ask(`${itemPath}/picture`, { signal: page.signal })).blob();
    const url = URL.createObjectURL(blob);
    page.signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    return { blob, url };
  } catch (problem) {
    if (problem.status === 404 || problem.status === 422) return null;
    throw problem;
  }
}

async function checkTitles(page, { kind, profile }) {
  const query = new URLSearchParams({ profile: profile.name });
  try {
    const { rules } = await page.get(`/v1/profiles/${encodeURIComponent(kind)}?${query}`);
    return Object.fromEntries(rules.map(({ check, title }) => [check, pick(title)]));
  } catch (problem) {
    // The rules it was judged by are no longer there: the sentences say enough.
    if (problem.status === 422) return {};
    throw problem;
  }
}
