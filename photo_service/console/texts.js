// Language and sentences. All texts come from the service's message files.

export const LANGUAGES = ["zh", "en"];
const KEPT = "photo-service.language";

let current = "zh";
let tables = {};

/** "zh" or "en". */
export function language() {
  return current;
}

/** Load the sentences of the language last chosen here; Chinese at first. */
export async function loadTexts(wanted = kept()) {
  const answer = await fetch(`/console/messages.${wanted}.json`);
  if (!answer.ok) throw new TypeError("no texts");
  tables = await answer.json();
  current = wanted;
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(KEPT, wanted);
  } catch {
    // A browser that keeps nothing asks again.
  }
}

function kept() {
  try {
    const found = localStorage.getItem(KEPT);
    return LANGUAGES.includes(found) ? found : "zh";
  } catch {
    return "zh";
  }
}

/** A sentence, its {placeholders} filled from `facts`: "again" of the section "console",
 * "staff.again" of the section "staff". */
export function t(key, facts = {}) {
  const [name, section = "console"] = key.split(".").reverse();
  const found = tables[section]?.[name];
  if (found === undefined) throw new Error(`no text ${key}`);
  return found.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

/** A label that reports use too; `instead` where there is none. */
export function label(key, instead = key) {
  return tables.ui[key] ?? instead;
}

/** A word in this language; an unknown one stands for itself. */
export function word(key) {
  return tables.word[key] ?? key;
}

/** [rest of the key, word] of all words whose key begins with `prefix`. */
export function wordsOf(prefix) {
  return Object.entries(tables.word)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, found]) => [key.slice(prefix.length), found]);
}

/** The fitting one of {zh: …, en: …}. */
export function pick(both) {
  return both[current];
}

/** Fill what carries data-t (text) or data-t-label (aria-label), below `root`. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}
