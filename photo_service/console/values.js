// Numbers, units and ranges as a person reads them: as photo_service/render/values.py.

import { label, word } from "/console/texts.js";

const KIBIBYTE = 1024;
const TIGHT = { deg: "°", x: "×" };
const COARSE = ["%", "deg", "px"];
const MOST_DECIMALS = 6;

/** [what was measured, what is allowed] of a finding, each "" where there is none. */
export function measured(finding) {
  const { value, allowed, unit } = finding;
  if (typeof value !== "number" || allowed === null || allowed.one_of) {
    return [quantity(value, unit), permitted(allowed, unit)];
  }
  const [shown, scale] = shownUnit(unit, value);
  if (shown !== shownUnit(unit, largest(allowed))[0]) {
    return [quantity(value, unit), permitted(allowed, unit)];
  }
  // Shortened, but never so far that what is outside seems to be inside.
  const inside = within(value, allowed);
  let extra = 0;
  for (; extra < MOST_DECIMALS - 1; extra += 1) {
    const ends = {};
    for (const end of ["min", "max"]) {
      if (isNumber(allowed[end])) ends[end] = Number(digits(allowed[end] / scale, shown, extra));
    }
    if (within(Number(digits(value / scale, shown, extra)), ends) === inside) break;
  }
  return [
    withUnit(digits(value / scale, shown, extra), shown),
    withUnit(interval(allowed, shown, scale, extra), shown),
  ];
}

/** One value with its unit. */
export function quantity(value, unit) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return word(value);
  const [shown, scale] = shownUnit(unit, value);
  return withUnit(digits(value / scale, shown), shown);
}

/** A range {min, max} with its unit, or the words of {one_of}. */
export function permitted(allowed, unit) {
  if (allowed === null || allowed === undefined) return "";
  if (allowed.one_of) {
    return [...new Set(allowed.one_of.map(word))].join(label("list_separator"));
  }
  const [shown, scale] = shownUnit(unit, largest(allowed));
  return withUnit(interval(allowed, shown, scale), shown);
}

function isNumber(value) {
  return value !== null && value !== undefined;
}

function within(value, { min, max }) {
  return !(isNumber(min) && value < min) && !(isNumber(max) && value > max);
}

function largest({ min, max }) {
  return Math.max(0, ...[min, max].filter(isNumber).map(Math.abs));
}

function interval({ min, max }, unit, scale, extra = 0) {
  const [low, high] = [min, max].map((end) =>
    isNumber(end) ? digits(end / scale, unit, extra) : "",
  );
  if (!low) return high ? `≤ ${high}` : "";
  if (!high) return `≥ ${low}`;
  if (low === high) return low;
  if (low === `-${high}`) return `±${high}`;
  return (low + high).includes("-") ? `${low} … ${high}` : `${low}–${high}`;
}

function shownUnit(unit, value) {
  if (unit !== "bytes") return [unit, 1];
  if (Math.abs(value) >= KIBIBYTE ** 2) return ["MB", KIBIBYTE ** 2];
  return Math.abs(value) >= KIBIBYTE ? ["KB", KIBIBYTE] : ["bytes", 1];
}

function withUnit(number, unit) {
  if (!number || !unit) return number;
  return unit in TIGHT ? number + TIGHT[unit] : `${number} ${word(unit)}`;
}

function digits(value, unit, extra = 0) {
  let decimals = 0;
  if (value) {
    decimals = Math.max(
      Math.abs(value) >= 100 ? 0 : 1,
      1 - Math.floor(Math.log10(Math.abs(value))),
    );
  }
  if (COARSE.includes(unit)) decimals = Math.min(decimals, 1);
  const shown = value.toFixed(Math.min(decimals + extra, MOST_DECIMALS));
  const short = shown.includes(".") ? shown.replace(/0+$/, "").replace(/\.$/, "") : shown;
  return short === "-0" ? "0" : short;
}
