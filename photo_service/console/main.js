// The page for candidates and clerks: a kind, its rules, a picture, the verdict.

import { call, callUntilDone, getJson, Problem, retryAfter } from "/console/calls.js";
import { hasCamera, takePicture } from "/console/camera.js";
import { button, h } from "/console/dom.js";
import { portraitBands } from "/console/geometry.js";
import { requirements } from "/console/requirements.js";
import { announce, askKey, problemPanel, startPage, waitVisibly } from "/console/shell.js";
import { language, pick, t, wordsOf } from "/console/texts.js";
import { verdict } from "/console/verdict.js";

const PICTURES = "image/png,image/jpeg";
const ARCHIVES = ".zip,application/zip";
// What a caller may say besides the picture, by the check that reads it.
const EXPECTED = {
  expected_name: "expect_name",
  expected_number: "expect_number",
  expected_type: "expect_type",
};
const REFERENCE_CHECK = "mirroring/reference_straight";

const place = (id) => document.getElementById(id);

const state = {
  // All rule files, and the rules chosen.
  profiles: [],
  profile: null,
  // Name of the rules asked for last.
  wanted: "",
  // The pictures judged last, or to be judged together; their addresses in this page.
  files: [],
  sources: [],
  // Stops the verdict that is under way.
  under_way: null,
  // What to do when the network is back.
  retry: null,
};

// --- the kind and its rules ---------------------------------------------------------------------

async function loadProfiles() {
  await told(async () => {
    state.profiles = await getJson("/v1/profiles", options());
    showKinds();
    const asked = new URLSearchParams(location.search).get("kind");
    if (state.profiles.some(({ name }) => name === asked)) await chooseProfile(asked);
  }, loadProfiles);
}

/** The rule files of each kind, the kind's own first, as the service lists them. */
function byKind() {
  const kinds = new Map();
  for (const profile of state.profiles) {
    kinds.set(profile.kind, [...(kinds.get(profile.kind) ?? []), profile]);
  }
  return kinds;
}

function showKinds() {
  place("kinds").replaceChildren(
    ...[...byKind()].map(([kind, [own]]) =>
      h(
        "div",
        { class: "kind" },
        h("input", {
          type: "radio",
          name: "kind",
          id: `kind-${kind}`,
          value: kind,
          checked: state.profile?.kind === kind,
          on: { change: () => chooseProfile(own.name) },
        }),
        h("label", { for: `kind-${kind}` }, pick(own.title)),
      ),
    ),
  );
}

async function chooseProfile(name) {
  await told(
    async () => {
      state.wanted = name;
      const profile = await loadProfile(name);
      // Arrow keys run through the kinds faster than rules come.
      if (state.wanted !== name) return;
      state.profile = profile;
      state.files = [];
      place("compare").replaceChildren();
      history.replaceState(null, "", `?${new URLSearchParams({ kind: name })}`);
      place(`kind-${state.profile.kind}`).checked = true;
      showPreparation();
    },
    () => chooseProfile(name),
  );
}

async function loadProfile(name) {
  const { kind } = state.profiles.find((profile) => profile.name === name);
  const query = new URLSearchParams({ profile: name, lang: language() });
  return getJson(`/v1/profiles/${encodeURIComponent(kind)}?${query}`, options());
}

/** Which rules to judge by, where a kind has more than its own. */
function ruleChoice() {
  const choices = byKind().get(state.profile.kind);
  if (choices.length === 1) return [];
  const select = h(
    "select",
    { id: "profile", on: { change: () => chooseProfile(select.value) } },
    choices.map(({ name, title }) =>
      h("option", { value: name, selected: name === state.profile.name }, pick(title)),
    ),
  );
  return [h("p", { class: "entry" }, h("label", { for: "profile" }, t("rules")), select)];
}

function has(check) {
  return state.profile.rules.some((rule) => rule.check === check);
}

/** Whether pictures of this kind may come several together. */
function takesSeveral() {
  return has("set/members_few");
}

// --- what is asked for --------------------------------------------------------------------------

function showPreparation() {
  place("result").hidden = true;
  place("choose").hidden = false;
  place("intro").hidden = false;
  place("prepare").hidden = state.profile === null;
  if (state.profile === null) return;
  const archive = has("archive/members_few");
  const several = takesSeveral();
  place("requirements").replaceChildren(...requirements(state.profile), ...ruleChoice());
  place("file").accept = archive ? ARCHIVES : PICTURES;
  place("file").multiple = several;
  place("shot").setAttribute("capture", has("handheld/face_in_view") ? "user" : "environment");
  place("camera").hidden = archive || !(hasCamera() || onPhone());
  place("drop-hint").textContent = t(archive ? "drop_archive" : several ? "drop_set" : "drop");
  showComparison();
  showChosen();
}

function onPhone() {
  return matchMedia("(pointer: coarse)").matches;
}

/** What may be compared under these rules; what was entered already stays. */
function showComparison() {
  const fields = Object.entries(EXPECTED)
    .filter(([suffix]) => state.profile.rules.some(({ check }) => check.endsWith(`/${suffix}`)))
    .map(([, field]) => field);
  if (has(REFERENCE_CHECK)) fields.push("reference");
  const entries = fields.map((field) =>
    h("p", { class: "entry" }, h("label", { for: field }, t(field)), entry(field)),
  );
  const open = place("compare").querySelector("details")?.open ?? false;
  place("compare").replaceChildren(
    ...(entries.length
      ? [
          h(
            "details",
            { open },
            h("summary", {}, t("compare_title")),
            h("p", { class: "hint" }, t("compare_hint")),
            entries,
          ),
        ]
      : []),
  );
}

function entry(field) {
  const before = place(field);
  if (field === "expect_type") {
    // One choice for each certificate there is a word for.
    const choices = [["", t("type_unsaid")], ...wordsOf("type_")];
    return h(
      "select",
      { id: field, name: field },
      choices.map(([value, name]) =>
        h("option", { value, selected: value === before?.value }, name),
      ),
    );
  }
  const kind = field === "reference" ? { type: "file", accept: PICTURES } : { maxlength: 200 };
  return before ?? h("input", { id: field, name: field, autocomplete: "off", ...kind });
}

/** The certificates of one application, gathered until they are sent together. */
function showChosen() {
  if (!takesSeveral() || !state.files.length) {
    place("chosen").replaceChildren();
    return;
  }
  place("chosen").replaceChildren(
    h("h3", {}, t("chosen_title", { count: state.files.length })),
    h(
      "ul",
      { class: "chosen" },
      state.files.map((file) =>
        h(
          "li",
          {},
          h("span", {}, file.name),
          h(
            "button",
            {
              class: "link",
              type: "button",
              "aria-label": t("remove_one", { name: file.name }),
              on: {
                click() {
                  state.files = state.files.filter((each) => each !== file);
                  showChosen();
                },
              },
            },
            t("remove"),
          ),
        ),
      ),
    ),
    button(t("check_together"), judge, "primary"),
  );
}

function take(files) {
  if (!files.length) return;
  if (state.profile === null) {
    announce(t("choose_first"));
    place("kinds").querySelector("input")?.focus();
    return;
  }
  if (takesSeveral() && place("result").hidden) {
    state.files = [...state.files, ...files];
    showChosen();
    announce(t("chosen_title", { count: state.files.length }));
    return;
  }
  state.files = takesSeveral() ? [...files] : [files[0]];
  judge();
}

// --- the verdict --------------------------------------------------------------------------------

function form(fields) {
  const { files, profile } = state;
  const data = new FormData(place("compare"));
  if (!data.get("reference")?.size) data.delete("reference");
  // One choice cannot fit several certificates.
  if (files.length > 1) data.delete("expect_type");
  for (const file of files) data.append(files.length > 1 ? "files" : "file", file, file.name);
  data.append("kind", profile.kind);
  data.append("profile", profile.name);
  data.append("lang", language());
  data.append("fields", fields);
  data.append("drawings", "true");
  return data;
}

async function ask(path, fields) {
  return callUntilDone(path, {
    ...options(state.under_way.signal),
    method: "POST",
    body: form(fields),
  });
}

function verdictPath() {
  return state.files.length > 1 ? "/v1/applications" : "/v1/verifications";
}

async function judge() {
  // These marks are what benchmarks/console.py reads.
  performance.mark("given");
  state.under_way?.abort();
  const mine = new AbortController();
  state.under_way = mine;
  state.sources.forEach((source) => URL.revokeObjectURL(source));
  state.sources = state.files.map((file) => URL.createObjectURL(file));
  showChecking();
  const check = async () => {
    const answer = await ask(verdictPath(), "masked");
    const report = await answer.json();
    performance.mark("answered");
    showVerdict(report);
  };
  // Overtaken by another picture, it has nothing more to show.
  await told(check, judge, () => mine === state.under_way && leaveVerdict());
  // A problem is told above the page as it was before.
  if (mine === state.under_way && place("result").querySelector(".checking")) showPreparation();
}

function show(...content) {
  place("choose").hidden = true;
  place("prepare").hidden = true;
  place("intro").hidden = true;
  place("result").hidden = false;
  place("result").replaceChildren(
    h("h1", { class: "visually-hidden" }, t("result_label")),
    ...content,
  );
}

function showChecking() {
  const names = state.files.map(({ name }) => name).join(" · ");
  show(
    h(
      "div",
      { class: "checking" },
      h("span", { class: "spinner", "aria-hidden": "true" }),
      h(
        "div",
        {},
        h("p", { class: "panel-title" }, t("checking")),
        h("p", { class: "facts" }, names),
      ),
    ),
  );
  scrollTo(0, 0);
  announce(t("checking"));
}

function showVerdict(report) {
  const together = Boolean(report.members);
  const again = button(t("again"), pickFile, "primary");
  const print = button(t("print"), () => printReport(print));
  const back = button(t("back"), leaveVerdict);
  const { rules } = state.profile;
  const titles = Object.fromEntries(rules.map(({ check, title }) => [check, pick(title)]));
  const shown = verdict(report, {
    source: together ? null : state.sources[0],
    sources: together && state.files.length > 1 ? state.sources : [],
    titles,
    reveal: together ? null : reveal,
    actions: [again, print, back],
  });
  show(shown, h("p", { class: "promise" }, t("promise")));
  const heading = shown.querySelector(".banner h2");
  heading.focus({ preventScroll: true });
  announce(`${heading.textContent} ${shown.querySelector(".banner p").textContent}`);
  requestAnimationFrame(() => performance.mark("drawn"));
}

async function reveal() {
  let fields = null;
  await told(async () => {
    fields = (await (await ask(verdictPath(), "full")).json()).fields;
  });
  return fields;
}

function leaveVerdict() {
  state.files = [];
  place("notice").replaceChildren();
  showPreparation();
  place("pick").focus();
}

function pickFile() {
  place("file").click();
}

async function printReport(pressed) {
  pressed.disabled = true;
  await told(async () => {
    const page = await printable();
    document.querySelector(".print-frame")?.remove();
    const frame = h("iframe", {
      class: "print-frame",
      title: t("print_frame"),
      sandbox: "allow-same-origin allow-modals",
      srcdoc: page,
      on: { load: () => frame.contentWindow.print() },
    });
    document.body.append(frame);
  });
  pressed.disabled = false;
}

/** The report as a page of its own; asked for again until it is there. */
async function printable() {
  const { onWait, ...rest } = options(state.under_way.signal);
  for (;;) {
    const body = form("masked");
    const answer = await call("/v1/reports", { ...rest, onWait, method: "POST", body });
    if (answer.status !== 202) return answer.text();
    await onWait(retryAfter(answer), null);
  }
}

// --- around calls -------------------------------------------------------------------------------

function options(signal) {
  const onWait = (seconds, problem) => waitVisibly(place("notice"), seconds, problem);
  return { askKey, onWait, signal };
}

/** Do something that calls the service. A problem is shown, with `retry` on offer; `stopped()` is
 * called when the person stopped it. */
async function told(action, retry, stopped = () => {}) {
  place("notice").replaceChildren();
  state.retry = null;
  try {
    await action();
  } catch (error) {
    if (error.name === "AbortError") {
      stopped();
    } else if (error instanceof Problem) {
      state.retry = error.code === "offline" ? retry : null;
      place("notice").replaceChildren(problemPanel(error, retry));
    } else {
      throw error;
    }
  }
}

// --- ways in ------------------------------------------------------------------------------------

function listen() {
  place("pick").addEventListener("click", pickFile);
  for (const id of ["file", "shot"]) {
    place(id).addEventListener("change", (event) => {
      take([...event.target.files]);
      // The same file may be chosen again.
      event.target.value = "";
    });
  }
  place("camera").addEventListener("click", async () => {
    if (onPhone()) {
      place("shot").click();
      return;
    }
    const file = await takePicture(portraitBands(state.profile.rules));
    if (file) take([file]);
  });
  for (const id of ["choose", "compare"]) {
    place(id).addEventListener("submit", (event) => event.preventDefault());
  }
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
  const drag = (over) => (event) => {
    event.preventDefault();
    place("drop").classList.toggle("over", over);
  };
  document.addEventListener("dragover", drag(true));
  document.addEventListener("dragleave", drag(false));
  document.addEventListener("drop", (event) => {
    drag(false)(event);
    take([...event.dataTransfer.files]);
  });
  addEventListener("online", () => state.retry?.());
}

/** Show all again, as after a change of language. */
async function render() {
  if (!state.profiles.length) {
    await loadProfiles();
    return;
  }
  await told(async () => {
    if (state.profile) state.profile = await loadProfile(state.profile.name);
    showKinds();
    if (!place("result").hidden && state.files.length) await judge();
    else showPreparation();
  }, render);
}

listen();
startPage(render);
