// What a profile allows, drawn: made from its limits alone.

import { s } from "/console/dom.js";
import { t } from "/console/texts.js";

// Proportions of an ID card, ISO/IEC 7810 ID-1.
const CARD = 85.6 / 54;

/** A drawing of the allowed geometry as `{svg, notes}`, or null when there is nothing to draw.
 *
 * `rules`: those of `GET /v1/profiles/{kind}`. `notes`: what the drawing says, as sentences. */
export function geometry(rules) {
  const limits = new Map(rules.map((rule) => [rule.check, rule.limits]));
  // Each is known by the check whose limits it shows.
  const draw = [
    ["archive/members_few", archive],
    ["handheld/face_in_view", handheld],
    ["framing/eyes_to_top", portrait],
    ["card/near", card],
    ["document/near", page],
  ].find(([check]) => limits.has(check))?.[1];
  return draw ? draw(limits) : null;
}

/** Where head, eyes and cheeks may lie, in shares of the picture: for a guide over a camera. */
export function portraitBands(rules) {
  const limits = new Map(rules.map((rule) => [rule.check, rule.limits]));
  const shown = ["crown_to_top", "eyes_to_top", "face_width", "centred"];
  if (!shown.every((name) => limits.has(`framing/${name}`))) return null;
  const share = (check, name = "share") => {
    const { min, max } = limits.get(check)[name].accept;
    return [min / 100, max / 100];
  };
  const ratio = limits.get("encoding/aspect")?.ratio.accept;
  return {
    ratio: ratio ? (ratio.min + ratio.max) / 2 : 3 / 4,
    crown: share("framing/crown_to_top"),
    eyes: share("framing/eyes_to_top"),
    face: share("framing/face_width"),
    centre: share("framing/centred", "offset"),
  };
}

/** Head and shoulders with crown and eyes at the middle of what is allowed. */
export function figure({ crown, eyes, face }, width, height) {
  const middle = ([low, high]) => (low + high) / 2;
  const x = width / 2;
  const top = middle(crown) * height;
  const eye = middle(eyes) * height;
  const half = (middle(face) * width) / 2;
  // Eyes lie about half way down a head.
  const chin = top + 2 * (eye - top);
  const neck = 0.45 * half;
  const shoulder = Math.min(1.75 * half, 0.49 * width);
  const slope = chin + 0.16 * (chin - top);
  return s(
    "g",
    { class: "person" },
    s("path", {
      d:
        `M${x - neck} ${chin - 10}V${slope}` +
        `Q${x - shoulder} ${slope + 0.02 * height} ${x - shoulder} ${height}` +
        `H${x + shoulder}` +
        `Q${x + shoulder} ${slope + 0.02 * height} ${x + neck} ${slope}V${chin - 10}Z`,
    }),
    s("ellipse", { cx: x, cy: (top + chin) / 2, rx: half, ry: (chin - top) / 2 }),
    s("circle", { class: "eye", cx: x - 0.4 * half, cy: eye, r: 0.07 * half }),
    s("circle", { class: "eye", cx: x + 0.4 * half, cy: eye, r: 0.07 * half }),
  );
}

function portrait(limits) {
  const bands = portraitBands([...limits].map(([check, each]) => ({ check, limits: each })));
  if (!bands) return null;
  const height = 320;
  const width = height * bands.ratio;
  const [left, top] = [100, 14];
  const down = ([low, high], name, x) => [
    s("rect", { class: "band", x: 0, y: low * height, width, height: (high - low) * height }),
    s("line", { class: "measure", x1: x, y1: low * height, x2: x, y2: high * height }),
    label(x - 6, ((low + high) / 2) * height, [name, range(low, high)], "end"),
  ];
  const [narrow, wide] = bands.face;
  const middle = width / 2;
  const cheeks = [-1, 1].map((side) => {
    const ends = [middle + (side * narrow * width) / 2, middle + (side * wide * width) / 2];
    return s("rect", {
      class: "band band-cheek",
      x: Math.min(...ends),
      y: 0.38 * height,
      width: Math.abs(ends[1] - ends[0]),
      height: 0.24 * height,
    });
  });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${left + width + 14} ${top + height + 30}`, class: "geometry" },
    s(
      "g",
      { transform: `translate(${left} ${top})` },
      s("rect", { class: "frame", x: 0, y: 0, width, height }),
      figure(bands, width, height),
      down(bands.crown, t("draw_crown"), -8),
      down(bands.eyes, t("draw_eyes"), -8),
      cheeks,
      s("line", { class: "axis", x1: middle, y1: 0, x2: middle, y2: height }),
      label(middle, height + 18, [`${t("draw_face")} ${range(narrow, wide)}`], "middle"),
    ),
  );
  return {
    svg,
    notes: [
      t("note_crown", { range: range(...bands.crown) }),
      t("note_eyes", { range: range(...bands.eyes) }),
      t("note_face", { range: range(...bands.face) }),
      t("note_centre", { range: `±${round(100 * bands.centre[1])}%` }),
      sizeNote(limits),
    ].filter(Boolean),
  };
}

function card(limits) {
  const [width, height] = [320, 240];
  const area = width * height;
  const least = limits.get("card/near").share.accept.min / 100;
  const sized = (share) => {
    const w = Math.sqrt(share * area * CARD);
    return { x: (width - w) / 2, y: (height - w / CARD) / 2, width: w, height: w / CARD };
  };
  const good = sized(Math.min(2 * least, 0.55));
  const svg = s(
    "svg",
    { viewBox: "0 0 340 282", class: "geometry" },
    s(
      "g",
      { transform: "translate(10 10)" },
      s("rect", { class: "frame", x: 0, y: 0, width, height }),
      cardDrawing(good),
      s("rect", { class: "least", ...sized(least) }),
      label(width / 2, height + 20, [t("draw_card_least", { share: percent(least) })], "middle"),
    ),
  );
  return {
    svg,
    notes: [
      t("note_card_whole"),
      t("note_card_share", { share: percent(least) }),
      slantNote(limits),
      printNote(limits),
    ].filter(Boolean),
  };
}

function handheld(limits) {
  const { accept } = limits.get("handheld/face_in_view").share;
  const [width, height] = [320, 280];
  const share = Math.min(Math.max(0.18, accept.min / 100), accept.max / 100);
  const half = (share * width) / 2;
  const [x, y] = [0.4 * width, 86];
  const cardWidth = 112;
  const place = { x: 0.47 * width, y: 168, width: cardWidth, height: cardWidth / CARD };
  const shoulder = y + 1.75 * half;
  const svg = s(
    "svg",
    { viewBox: "0 0 340 322", class: "geometry" },
    s(
      "g",
      { transform: "translate(10 10)" },
      s("rect", { class: "frame", x: 0, y: 0, width, height }),
      s(
        "g",
        { class: "person" },
        s("path", {
          d:
            `M${x - 0.4 * half} ${y + half}V${shoulder}Q${x - 2.7 * half} ${shoulder + 4} ` +
            `${x - 2.8 * half} ${height}H${x + 3 * half}Q${x + 2.9 * half} ${shoulder + 4} ` +
            `${x + 0.4 * half} ${shoulder}V${y + half}Z`,
        }),
        s("ellipse", { cx: x, cy: y, rx: half, ry: 1.32 * half }),
        s("circle", { class: "eye", cx: x - 0.4 * half, cy: y, r: 2.4 }),
        s("circle", { class: "eye", cx: x + 0.4 * half, cy: y, r: 2.4 }),
      ),
      s("rect", {
        class: "least",
        x: x - half,
        y: y - 1.32 * half,
        width: 2 * half,
        height: 2.64 * half,
      }),
      cardDrawing(place),
      // Cut at the frame's edge.
      s(
        "svg",
        { x: 0, y: 0, width, height },
        s("path", {
          class: "hand",
          d:
            `M${place.x + cardWidth + 24} ${height + 20}` +
            `L${place.x + cardWidth - 4} ${place.y + 50}`,
        }),
      ),
      s("ellipse", {
        class: "thumb",
        cx: place.x + cardWidth - 5,
        cy: place.y + 46,
        rx: 9,
        ry: 14,
      }),
      label(
        width / 2,
        height + 20,
        [t("draw_holder", { range: range(accept.min / 100, accept.max / 100) })],
        "middle",
      ),
    ),
  );
  return {
    svg,
    notes: [
      t("note_holder_face", { range: range(accept.min / 100, accept.max / 100) }),
      t("note_holder_card"),
      t("note_holder_mirror"),
      printNote(limits),
    ].filter(Boolean),
  };
}

function page(limits) {
  const [width, height] = [240, 300];
  const svg = s(
    "svg",
    { viewBox: "0 0 260 342", class: "geometry" },
    s(
      "g",
      { transform: "translate(10 10)" },
      s("rect", { class: "frame", x: 0, y: 0, width, height }),
      pageDrawing(22, 18, width - 44, height - 36),
      label(width / 2, height + 20, [t("draw_page")], "middle"),
    ),
  );
  const least = limits.get("document/near").share.accept.min;
  return {
    svg,
    notes: [
      t("note_page_whole"),
      t("note_page_share", { share: percent(least / 100) }),
      t("note_page_upright"),
      resolutionNote(limits),
    ].filter(Boolean),
  };
}

function archive(limits) {
  const svg = s(
    "svg",
    { viewBox: "0 0 300 220", class: "geometry" },
    s("path", { class: "frame", d: "M30 60h90l16 18h134v126H30Z" }),
    [0, 1, 2].map((number) => pageDrawing(76 + 44 * number, 22 + 10 * number, 76, 100)),
    s("path", { class: "folder", d: "M30 96h240v108H30Z" }),
    label(150, 158, [t("draw_archive")], "middle"),
  );
  const most = limits.get("archive/members_few").members.accept.max;
  return {
    svg,
    notes: [
      t("note_archive_zip"),
      t("note_archive_count", { count: most }),
      t("note_archive_scans"),
    ],
  };
}

function cardDrawing({ x, y, width, height }) {
  const u = width / 20;
  const row = (number, length) =>
    s("line", {
      x1: x + 1.6 * u,
      y1: y + (2 + 1.7 * number) * u,
      x2: x + (1.6 + length) * u,
      y2: y + (2 + 1.7 * number) * u,
    });
  const corners = [
    [x, y, 1, 1],
    [x + width, y, -1, 1],
    [x, y + height, 1, -1],
    [x + width, y + height, -1, -1],
  ].map(([a, b, right, down]) =>
    s("path", {
      class: "corner",
      d: `M${a + right * 2 * u} ${b - down * 5}H${a - right * 5}V${b + down * 2 * u}`,
    }),
  );
  return s(
    "g",
    { class: "card" },
    s("rect", { class: "card-body", x, y, width, height, rx: 0.8 * u }),
    [5, 4, 7, 8, 6].map((length, number) => row(number, length)),
    s("line", {
      class: "card-number",
      x1: x + 5 * u,
      y1: y + height - 1.6 * u,
      x2: x + 15 * u,
      y2: y + height - 1.6 * u,
    }),
    s("rect", {
      class: "card-portrait",
      x: x + 13 * u,
      y: y + 1.6 * u,
      width: 5 * u,
      height: 6.4 * u,
      rx: 4,
    }),
    s("circle", { class: "card-face", cx: x + 15.5 * u, cy: y + 4 * u, r: 1.25 * u }),
    s("path", {
      class: "card-face",
      d: `M${x + 13.4 * u} ${y + 8 * u}q0 -2.4 ${2.1 * u} -2.4t${2.1 * u} 2.4Z`,
    }),
    corners,
  );
}

function pageDrawing(x, y, width, height) {
  const rows = Math.floor(height / 26);
  return s(
    "g",
    { class: "page" },
    s("rect", { class: "page-body", x, y, width, height }),
    s("line", {
      class: "page-title",
      x1: x + 0.28 * width,
      y1: y + 20,
      x2: x + 0.72 * width,
      y2: y + 20,
    }),
    Array.from({ length: rows - 2 }, (_, row) =>
      s("line", {
        x1: x + 0.12 * width,
        y1: y + 42 + 22 * row,
        x2: x + (row === rows - 3 ? 0.5 : 0.88) * width,
        y2: y + 42 + 22 * row,
      }),
    ),
  );
}

function label(x, y, lines, anchor) {
  return s(
    "text",
    { "text-anchor": anchor },
    lines.map((line, number) =>
      s("tspan", { x, y: y + 4 + 16 * (number - (lines.length - 1) / 2) }, line),
    ),
  );
}

function sizeNote(limits) {
  const width = limits.get("encoding/pixel_width")?.width.accept.min;
  const height = limits.get("encoding/pixel_height")?.height.accept.min;
  return width && height ? t("note_pixels", { width, height }) : null;
}

function resolutionNote(limits) {
  const sides = limits.get("document/resolution");
  const [long, short] = [sides?.long_side.accept.min, sides?.short_side.accept.min];
  return sides ? t("note_resolution", { long, short }) : null;
}

function slantNote(limits) {
  return limits.has("card/square_on") ? t("note_card_square") : null;
}

function printNote(limits) {
  const least = limits.get("card/print_size")?.height.accept.min;
  return least ? t("note_print", { pixels: least }) : null;
}

function range(low, high) {
  return `${round(100 * low)}–${round(100 * high)}%`;
}

function percent(share) {
  return `${round(100 * share)}%`;
}

function round(value) {
  return Math.round(10 * value) / 10;
}
