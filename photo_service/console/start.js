// The first view: start a batch from a folder or a list, and all batches that are kept.

import { h } from "/console/dom.js";
import { address, ask, count, moment, stateChip } from "/console/parts.js";
import { division } from "/console/chart.js";
import { announce } from "/console/shell.js";
import { language, pick, t } from "/console/texts.js";

export async function homeView(page) {
  page.title(t("staff.heading"));
  const [profiles, roots, batches] = await Promise.all(
    ["/v1/profiles", "/v1/roots", "/v1/batches"].map(page.get),
  );
  page.view.append(
    h(
      "div",
      { class: "intro" },
      h("h1", {}, t("staff.heading")),
      h("p", { class: "lead" }, t("staff.lead")),
    ),
    h(
      "div",
      { class: "staff-columns" },
      startForm(page, profiles, roots),
      h(
        "section",
        { class: "card-section", "aria-labelledby": "batches-title" },
        h("h2", { id: "batches-title" }, t("staff.batches_title")),
        batchList(batches, profiles),
      ),
    ),
  );
}

/** What a profile is called. */
export function titleOf(profiles, name) {
  const found = profiles.find((profile) => profile.name === name);
  return found ? pick(found.title) : name;
}

/** Choices of the rules of one kind, as the service lists them: the kind's own first. */
export function ruleOptions(profiles, kind, chosen) {
  return profiles
    .filter((profile) => profile.kind === kind)
    .map(({ name, title }) =>
      h("option", { value: name, selected: name === chosen }, `${pick(title)} (${name})`),
    );
}

function batchList(batches, profiles) {
  if (!batches.length) return h("p", { class: "hint" }, t("staff.batches_none"));
  return h(
    "ul",
    { class: "batches" },
    batches.map((batch) =>
      h(
        "li",
        {},
        h(
          "p",
          { class: "batch-head" },
          h("a", { href: address(`/batch/${batch.id}`) }, titleOf(profiles, batch.profile)),
          stateChip(batch.state),
        ),
        division(batch.counts, batch.total),
        h(
          "p",
          { class: "hint" },
          [
            t("staff.done_of", { done: count(batch.done), total: count(batch.total) }),
            batch.overruled > 0 && t("staff.overruled", { count: count(batch.overruled) }),
            moment(batch.started),
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
    ),
  );
}

// --- starting one -------------------------------------------------------------------------------

function startForm(page, profiles, roots) {
  const kinds = [...new Set(profiles.map(({ kind }) => kind))];
  const kind = h(
    "select",
    { id: "kind", on: { change: () => profile.replaceChildren(...ruleOptions(profiles, kind.value)) } },
    kinds.map((name) => h("option", { value: name }, titleOf(profiles, name))),
  );
  const profile = h("select", { id: "profile" }, ruleOptions(profiles, kinds[0]));
  const list = h("input", { id: "list", type: "file", accept: ".csv,.json,text/csv,application/json" });
  const chooser = folderChooser(page, roots);
  const panes = {
    folder: chooser.element,
    list: h(
      "div",
      { class: "entry" },
      h("label", { for: "list" }, t("staff.list")),
      list,
      h("p", { class: "hint" }, t("staff.list_hint")),
    ),
  };
  const show = (source) => {
    for (const [name, pane] of Object.entries(panes)) pane.hidden = name !== source;
  };
  const radio = (source) =>
    h(
      "div",
      { class: "choice" },
      h("input", {
        type: "radio",
        name: "source",
        id: `source-${source}`,
        value: source,
        checked: source === "folder",
        on: { change: () => show(source) },
      }),
      h("label", { for: `source-${source}` }, t(`staff.source_${source}`)),
    );
  const start = async (event) => {
    event.preventDefault();
    const fromList = form.elements.source.value === "list";
    const [file] = list.files;
    if (fromList && !file) {
      announce(t("staff.list_first"));
      list.focus();
      return;
    }
    const table = file && !file.name.toLowerCase().endsWith(".json");
    const body = fromList ? file : JSON.stringify(chooser.chosen());
    const type = fromList && table ? "text/csv" : "application/json";
    await page.guard(async () => {
      const query = new URLSearchParams({ kind: kind.value, profile: profile.value, lang: language() });
      button.disabled = true;
      try {
        const answer = await ask(`/v1/batches?${query}`, {
          method: "POST",
          body,
          headers: { "Content-Type": type },
          signal: page.signal,
        });
        const { id, total } = await answer.json();
        announce(t("staff.started", { count: count(total) }));
        location.hash = `/batch/${id}`;
      } finally {
        button.disabled = false;
      }
    });
  };
  const button = h("button", { class: "button primary", type: "submit" }, t("staff.start"));
  const form = h(
    "form",
    { class: "card-section", "aria-labelledby": "start-title", on: { submit: start } },
    h("h2", { id: "start-title" }, t("staff.start_title")),
    h("div", { class: "entry" }, h("label", { for: "kind" }, t("staff.kind")), kind),
    h("div", { class: "entry" }, h("label", { for: "profile" }, t("rules")), profile),
    h(
      "fieldset",
      { class: "entry" },
      h("legend", { class: "small-legend" }, t("staff.source")),
      h("div", { class: "choices" }, radio("folder"), radio("list")),
    ),
    Object.values(panes),
    h("div", { class: "actions entry" }, button),
  );
  show("folder");
  return form;
}

/** Folders below the roots, one level at a time; `chosen()`: as `POST /v1/batches` takes it. */
function folderChooser(page, roots) {
  let root = roots[0]?.number;
  let folder = "";
  const inside = h("div", { class: "folder-inside" });
  const names = h("ul", { class: "folders" });
  const trail = h("ol", { class: "folder-trail" });
  const element = h(
    "div",
    { class: "entry folder-chooser", role: "group", "aria-label": t("staff.folder") },
    roots.length ? [trail, names, inside] : h("p", { class: "hint" }, t("staff.roots_none")),
  );

  async function open(number, path, focus = true) {
    await page.guard(
      async () => {
        const query = new URLSearchParams({ folder: path });
        const found = await page.get(`/v1/roots/${number}?${query}`);
        [root, folder] = [number, path];
        show(found);
        if (focus) {
          trail.querySelector("[aria-current]").focus();
          announce(t("staff.folder_opened", { folders: found.folders.length, files: count(found.files) }));
        }
      },
      () => open(number, path),
    );
  }

  function show(found) {
    const parts = folder ? folder.split("/") : [];
    const top = roots.find(({ number }) => number === root).name;
    const steps = [top, ...parts];
    trail.replaceChildren(
      ...steps.map((name, depth) => {
        const here = depth === steps.length - 1;
        return h(
          "li",
          {},
          h(
            "button",
            {
              class: "link",
              type: "button",
              "aria-current": here ? "true" : null,
              on: { click: () => open(root, parts.slice(0, depth).join("/")) },
            },
            name,
          ),
        );
      }),
    );
    const others = folder ? [] : roots.filter(({ number }) => number !== root);
    names.replaceChildren(
      ...found.folders.map((name) => entry(name, () => open(root, [...parts, name].join("/")))),
      ...others.map(({ number, name }) => entry(t("staff.root_other", { name }), () => open(number, ""))),
    );
    names.hidden = names.children.length === 0;
    inside.replaceChildren(h("p", { class: "hint" }, t("staff.folder_files", { count: count(found.files) })));
  }

  function entry(name, go) {
    return h("li", {}, h("button", { class: "folder-name", type: "button", on: { click: go } }, name));
  }

  if (roots.length) open(root, "", false);
  return { element, chosen: () => ({ root: root ?? 0, folder }) };
}
