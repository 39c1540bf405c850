// Calls of the service: the key when it is asked for, waiting when it is busy, problems.

import { language } from "/console/texts.js";

const KEPT = "photo-service.key";
const WAITED_FOR = [429, 502, 503, 504];
// After this many answers that say "later", the person decides.
const MOST_WAITS = 10;

/** A problem+json, or what stands for one when there is no answer: code "offline". */
export class Problem extends Error {
  constructor(status, body) {
    super(body.code);
    this.status = status;
    this.code = body.code;
    this.detail = body.detail ?? "";
    this.advice = body.advice ?? "";
    this.request = body.request ?? "";
  }
}

/** The key kept for this tab, or "". */
export function key() {
  return sessionStorage.getItem(KEPT) ?? "";
}

export function keepKey(secret) {
  sessionStorage.setItem(KEPT, secret);
  document.dispatchEvent(new Event("keychange"));
}

export function forgetKey() {
  sessionStorage.removeItem(KEPT);
  document.dispatchEvent(new Event("keychange"));
}

/** Send one request, again after a while when the service says so.
 *
 * `path`: an address of this host. `options`: those of fetch, and
 *   `askKey(problem)`: resolves to a key, or null when the person gives none;
 *   `onWait(seconds, problem)`: told before each wait; resolves when to go on; without it problems
 *   that pass are thrown like others.
 * Returns the Response (2xx). Throws Problem, or AbortError. */
export async function call(path, { askKey, onWait, ...options } = {}) {
  for (let waits = 0; ; ) {
    const answer = await send(path, options);
    if (answer.ok) return answer;
    const problem = await problemOf(answer);
    if (answer.status === 401 && askKey) {
      const secret = await askKey(problem);
      if (secret === null) throw problem;
      keepKey(secret);
    } else if (WAITED_FOR.includes(answer.status) && onWait && waits < MOST_WAITS) {
      waits += 1;
      await onWait(retryAfter(answer), problem);
    } else {
      throw problem;
    }
  }
}

/** As `call`; then, while the answer is 202, ask its Location until the result is there. */
export async function callUntilDone(path, options = {}) {
  let answer = await call(path, options);
  const place = answer.headers.get("Location");
  while (answer.status === 202) {
    await options.onWait(retryAfter(answer), null);
    answer = await call(place, { ...options, method: "GET", body: undefined });
  }
  return answer;
}

export async function getJson(path, options = {}) {
  return (await call(path, options)).json();
}

async function send(path, { headers = {}, ...options }) {
  const all = { "Accept-Language": language(), ...headers };
  if (key()) all.Authorization = `Bearer ${key()}`;
  try {
    return await fetch(path, { ...options, headers: all });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "offline" });
  }
}

async function problemOf(answer) {
  try {
    return new Problem(answer.status, await answer.json());
  } catch {
    return new Problem(answer.status, { code: "unclear" });
  }
}

/** Seconds to wait, as the answer asks. */
export function retryAfter(answer) {
  const seconds = Number(answer.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 120) : 2;
}
