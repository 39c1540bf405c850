// Server-sent events read with fetch: EventSource cannot send a key.

import { ask } from "/console/parts.js";

const PAUSE_MS = 2000;

/** Hear of a batch until it ends or `signal` is aborted; taken up again after a broken line.
 *
 * `on`: what to do by name of the event: `progress(data)`, `row(data)`, `end(data)`. */
export async function follow(path, { signal, on }) {
  let last = null;
  for (;;) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await ask(path, { signal, headers });
      for await (const { name, id, data } of frames(answer.body)) {
        last = id || last;
        on[name]?.(data);
        if (name === "end") return;
      }
    } catch (problem) {
      if (signal.aborted) return;
      // What was refused will be refused again; a line that broke may be mended.
      if (problem.status >= 400 && problem.status < 500) throw problem;
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (left + value).split("\n\n");
    left = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(
        part
          .split("\n")
          .filter((line) => !line.startsWith(":"))
          .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
      );
      if (fields.event) yield { name: fields.event, id: fields.id, data: JSON.parse(fields.data) };
    }
  }
}
