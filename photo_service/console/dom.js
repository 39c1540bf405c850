// Elements made of what is given: text always becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `properties`: attributes; `class`; `on` (listeners by event); booleans set or
 * leave out an attribute. Children: elements, texts, lists of them; null, undefined
 * and false are left out. */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/** A button that does `click`; `kind`: "primary" for what comes next, or "". */
export function button(text, click, kind = "") {
  return h("button", { class: `button ${kind}`, type: "button", on: { click } }, text);
}

function filled(element, properties, children) {
  const { on = {}, ...attributes } = properties;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  const left_out = [null, undefined, false];
  element.append(...children.flat(Infinity).filter((child) => !left_out.includes(child)));
  return element;
}

/** A drawn sign: "accepted", "rejected", "review", "note" or "skip"; says nothing by itself. */
export function sign(name) {
  const strokes = {
    accepted: "M6 12.5l4 4 8-9",
    rejected: "M7 7l10 10M17 7L7 17",
    review: "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2.1M12 17.2v.3",
    note: "M12 10.5V17M12 7v.3",
    skip: "M7 12h10",
  };
  return s(
    "svg",
    { class: `sign sign-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("circle", { cx: 12, cy: 12, r: 11 }),
    s("path", { d: strokes[name] }),
  );
}
