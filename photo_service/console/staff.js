// The page for staff: which view the address asks for, and what all views share.

import { forgetKey, Problem } from "/console/calls.js";
import { batchView } from "/console/batch.js";
import { compareView } from "/console/compare.js";
import { h } from "/console/dom.js";
import { itemView } from "/console/item.js";
import { askJson } from "/console/parts.js";
import { homeView } from "/console/start.js";
import { problemPanel, startPage } from "/console/shell.js";
import { t } from "/console/texts.js";

const ID = "([0-9a-f]{32})";
const VIEWS = [
  [new RegExp(`^/batch/${ID}$`), batchView],
  [new RegExp(`^/batch/${ID}/(\\d+)$`), itemView],
  [new RegExp(`^/compare/${ID}/${ID}$`), compareView],
];

const place = (id) => document.getElementById(id);

let leaving = new AbortController();

/** Show what the address asks for. A view fills `page.view` and may call:
 * `page.title(words, ...trail)`, `page.get(path)`, `page.guard(work, again)`; `page.signal` is
 * aborted when another view is shown, `page.shown()` is called when this one is there. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [pattern, view] = VIEWS.find(([each]) => each.test(path)) ?? [/^/, homeView];
  const page = {
    view: h("div"),
    signal,
    query: new URLSearchParams(query),
    title,
    get: (path) => askJson(path, { signal }),
    guard: (work, again) => guard(signal, work, again),
  };
  place("notice").replaceChildren();
  await page.guard(async () => {
    await view(page, ...pattern.exec(path).slice(1));
    if (signal.aborted) return;
    place("view").replaceChildren(page.view);
    page.shown?.();
  }, show);
}

/** Name the view, and the way to it: [words, address] of each view above. */
function title(words, ...trail) {
  document.title = `${words} · ${t("staff.title")}`;
  place("trail").replaceChildren(
    h(
      "ol",
      {},
      trail.map(([name, address]) => h("li", {}, h("a", { href: address }, name))),
      trail.length > 0 && h("li", { "aria-current": "page" }, words),
    ),
  );
}

/** Do something that may fail; a problem is told, with a way to try `again`. */
async function guard(signal, work, again) {
  try {
    place("notice").replaceChildren();
    await work();
  } catch (problem) {
    if (signal.aborted || problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    const retry = () => {
      // A key for something else is of no use here.
      if (problem.code === "key-role") forgetKey();
      again();
    };
    place("notice").replaceChildren(problemPanel(problem, again && retry));
  }
}

window.addEventListener("hashchange", () => {
  show().then(() => {
    place("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
});
startPage(show, "staff.title");
