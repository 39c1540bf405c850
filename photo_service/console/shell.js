// What every page has: language switch, key dialog, announcements, waiting, problems.

import { forgetKey, key } from "/console/calls.js";
import { button, h, sign } from "/console/dom.js";
import { language, loadTexts, t, translate } from "/console/texts.js";

/** Set the page up: load the texts, fill [data-t], make the header's buttons work.
 *
 * `render()`: called now and after each change of language. `title`: key of the window's title. */
export async function startPage(render, title = "title") {
  const show = () => {
    translate(document);
    document.title = t(title);
    const other = language() === "zh" ? "en" : "zh";
    const toOther = document.getElementById("language");
    toOther.textContent = other === "zh" ? "中文" : "English";
    toOther.lang = other === "zh" ? "zh-CN" : "en";
    toOther.dataset.other = other;
    showForget();
  };
  const showForget = () => {
    document.getElementById("forget").hidden = !key();
  };
  await loadTexts();
  show();
  document.getElementById("language").addEventListener("click", async (event) => {
    await loadTexts(event.currentTarget.dataset.other);
    show();
    render();
  });
  document.getElementById("forget").addEventListener("click", () => {
    forgetKey();
    announce(t("key_forgotten"));
  });
  document.addEventListener("keychange", showForget);
  render();
}

/** Say something to a screen reader. */
export function announce(sentence) {
  const status = document.getElementById("status");
  status.textContent = "";
  // The same sentence twice is news twice.
  requestAnimationFrame(() => {
    status.textContent = sentence;
  });
}

/** Ask for the API key; resolves to it, or to null. */
export function askKey(problem) {
  return new Promise((resolve) => {
    const input = h("input", {
      id: "key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      "aria-describedby": "key-why",
    });
    let given = null;
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "key-title" },
      h(
        "form",
        {
          on: {
            submit(event) {
              event.preventDefault();
              given = input.value.trim();
              dialog.close();
            },
          },
        },
        h("h2", { id: "key-title" }, t("key_title")),
        h("p", { id: "key-why" }, key() ? problem.detail : t("key_why")),
        h("label", { for: "key" }, t("key_label")),
        input,
        h("p", { class: "hint" }, t("key_kept")),
        h(
          "div",
          { class: "actions" },
          h("button", { class: "button primary", type: "submit" }, t("key_use")),
          button(t("cancel"), () => dialog.close()),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A panel that counts the seconds down; resolves at the end, rejects with AbortError if stopped.
 *
 * `place`: the element that shows it. `problem`: why, or null while a result is awaited. */
export function waitVisibly(place, seconds, problem) {
  return new Promise((resolve, reject) => {
    const left = h("span", { class: "countdown" });
    // Too many requests of one key are not too many people.
    const rate = problem?.status === 429 ? problem.detail : "";
    const title = rate || t(problem ? "busy_title" : "pending_title");
    let remaining = Math.ceil(seconds);
    const tell = () => {
      left.textContent = t("wait_seconds", { seconds: remaining });
    };
    const end = (go) => {
      clearInterval(timer);
      panel.remove();
      if (go) resolve();
      else reject(new DOMException("stopped", "AbortError"));
    };
    const panel = h(
      "div",
      { class: "panel panel-wait" },
      sign("note"),
      h(
        "div",
        {},
        h("p", { class: "panel-title" }, title),
        !rate && h("p", {}, t(problem ? "busy_text" : "pending_text")),
        h("p", {}, left),
        h(
          "div",
          { class: "actions" },
          problem && button(t("retry_now"), () => end(true)),
          button(t("wait_stop"), () => end(false)),
        ),
      ),
    );
    const timer = setInterval(() => {
      remaining -= 1;
      // What took its place overtook it.
      if (!panel.isConnected) end(false);
      else if (remaining <= 0) end(true);
      else tell();
    }, 1000);
    tell();
    place.replaceChildren(panel);
    announce(`${title} ${left.textContent}`);
  });
}

/** A panel that tells of a problem; `retry()`, if given, is offered as a button. */
export function problemPanel(problem, retry) {
  const own = {
    offline: ["offline_title", "offline_text"],
    unclear: ["unclear_title", "unclear_text"],
    "key-missing": ["key_title", "key_why"],
  };
  const [title, text] = own[problem.code] ?? [];
  return h(
    "div",
    { class: "panel panel-problem", role: "alert" },
    sign("rejected"),
    h(
      "div",
      {},
      h("p", { class: "panel-title" }, title ? t(title) : problem.detail),
      h("p", {}, text ? t(text) : problem.advice),
      problem.request && h("p", { class: "hint" }, t("request_id", { id: problem.request })),
      retry && h("div", { class: "actions" }, button(t("retry"), retry)),
    ),
  );
}
