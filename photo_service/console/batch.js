// One batch: watched while it runs, its numbers, what stopped pictures, the pictures themselves.

import { division, reasons, tiles } from "/console/chart.js";
import { h } from "/console/dom.js";
import { follow } from "/console/events.js";
import { further } from "/console/further.js";
import { address, ask, chip, count, keepFocus, moment, share, stateChip } from "/console/parts.js";
import { filterOf, resultList } from "/console/results.js";
import { announce } from "/console/shell.js";
import { titleOf } from "/console/start.js";
import { language, t } from "/console/texts.js";

const LATEST = 5;
// A running batch's list is asked for again no sooner than this.
const REFRESH_MS = 2000;
// Progress is told to screen readers in steps of this share.
const TOLD_SHARE = 0.25;
// Fewer pictures say nothing about the time that the others will take.
const FEWEST = 5;

export async function batchView(page, id) {
  const path = `/v1/batches/${id}`;
  const [first, profiles, titles, batches] = await Promise.all(
    [path, "/v1/profiles", `/v1/codes?lang=${language()}`, "/v1/batches"].map(page.get),
  );
  let batch = first;
  const begun = { at: Date.now(), done: batch.done };
  const name = titleOf(profiles, batch.profile);
  page.title(name, [t("staff.heading"), "#/"]);

  const filter = { ...filterOf(page.query), offset: Number(page.query.get("offset") ?? 0) };
  const list = resultList(page, { batch: () => batch, filter, titles, choose });
  const progress = h("p", { class: "batch-head" });
  // Seen as the divided bar; this one is for screen readers.
  const bar = h("progress", { class: "visually-hidden", max: batch.total, "aria-label": t("staff.progress") });
  const numbers = h("div");
  const chart = h("div");
  const latest = h("ol", { class: "latest" });
  const live = h(
    "section",
    { class: "live", "aria-labelledby": "latest-title" },
    h("h3", { id: "latest-title" }, t("staff.latest_title")),
    latest,
  );
  const stop = h("button", { class: "button", type: "button", on: { click: cancel } }, t("staff.cancel"));
  const next = h("div", { class: "stacked" });

  /** Filter, from the first page on unless told otherwise; the address keeps it. */
  function choose(change) {
    Object.assign(filter, { offset: 0, ...change });
    history.replaceState(null, "", address(`/batch/${id}`, filter));
    showNumbers();
    return list.show(true);
  }

  function showNumbers() {
    const running = batch.state === "running";
    for (const part of [bar, live, stop]) part.hidden = !running;
    bar.value = batch.done;
    const words = [t("staff.done_of", facts()), running && remaining()];
    progress.replaceChildren(stateChip(batch.state), words.filter(Boolean).join(" · "));
    keepFocus(numbers, () =>
      numbers.replaceChildren(
        division(batch.counts, batch.total),
        tiles(batch.counts, batch.done, filter.decision, (decision) => choose({ decision })),
      ),
    );
    const open = chart.querySelector("details")?.open;
    keepFocus(chart, () =>
      chart.replaceChildren(
        reasons(batch.codes, titles, filter.code, (code) => choose({ code }), open),
      ),
    );
  }

  function showNext() {
    next.replaceChildren(...further(page, batch, profiles, batches));
  }

  function facts() {
    return { done: count(batch.done), total: count(batch.total) };
  }

  /** About how long it will take, by what was done since this view was opened. */
  function remaining() {
    const done = batch.done - begun.done;
    if (done < FEWEST) return "";
    const seconds = ((Date.now() - begun.at) / 1000 / done) * (batch.total - batch.done);
    return seconds < 90
      ? t("staff.left_seconds", { count: Math.max(Math.round(seconds), 1) })
      : t("staff.left_minutes", { count: count(Math.round(seconds / 60)) });
  }

  function cancel() {
    return page.guard(() => ask(path, { method: "DELETE", signal: page.signal }), cancel);
  }

  // --- watching ---

  let told = batch.done;
  let refreshing = null;

  function refresh() {
    refreshing ??= setTimeout(() => {
      refreshing = null;
      if (!page.signal.aborted) list.show();
    }, REFRESH_MS);
  }

  const on = {
    row(item) {
      latest.prepend(
        h("li", {}, chip(item.decision), h("span", {}, item.path), h("span", { class: "hint" }, item.reason)),
      );
      while (latest.children.length > LATEST) latest.lastChild.remove();
      refresh();
    },
    progress(found) {
      batch = found;
      showNumbers();
      if (batch.done - told >= TOLD_SHARE * batch.total && batch.done < batch.total) {
        told = batch.done;
        announce(`${share(batch.done, batch.total)} · ${t("staff.done_of", facts())}`);
      }
    },
    end(found) {
      batch = found;
      showNumbers();
      showNext();
      clearTimeout(refreshing);
      list.show();
      announce(`${t(`staff.state_${batch.state}`)} ${t("staff.done_of", facts())}`);
    },
  };

  function watch() {
    return page.guard(() => follow(`${path}/events?rows=new`, { signal: page.signal, on }), watch);
  }

  page.view.append(
    h(
      "div",
      { class: "intro batch-intro" },
      h(
        "div",
        {},
        h("h1", {}, name),
        h("p", { class: "hint" }, `${moment(batch.started)} · ${batch.profile} · ${id.slice(0, 8)}`),
      ),
      stop,
    ),
    h("section", { class: "card-section", "aria-label": t("staff.progress") }, progress, bar, numbers, live),
    h(
      "div",
      { class: "staff-beside" },
      h(
        "section",
        { class: "card-section", "aria-labelledby": "reasons-title" },
        h("h2", { id: "reasons-title" }, t("staff.reasons_title")),
        chart,
      ),
      next,
    ),
    list.element,
  );
  showNumbers();
  showNext();
  await list.show();
  if (batch.state === "running") page.shown = watch;
}
