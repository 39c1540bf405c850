// The picture with what was measured drawn over it.

import { h, s } from "/console/dom.js";
import { label, t } from "/console/texts.js";
import { measured } from "/console/values.js";

/** How grave a finding is: "reject", "review", "note" (a hint) or "pass". */
export function gravity(finding) {
  if (finding.effect !== "none") return finding.effect;
  return finding.status === "pass" ? "pass" : "note";
}

/** The picture with rulers beside it and numbered reasons on it.
 *
 * `source`: address of the picture. `report`: as the service gave it, with or without drawings.
 * `numbers`: check → number of its reason. Returns `{element, has(check), highlight(check|null)}`;
 * `highlight` brings one check's drawing out, null none. */
export function annotated(source, report, numbers) {
  const { width, height } = report.image;
  const findings = new Map(report.findings.map((finding) => [finding.check, finding]));
  // One unit: about a hundredth of the picture's side.
  const unit = Math.sqrt(width * height) / 115;
  const rulers = (report.drawings?.rulers ?? []).filter((ruler) => findings.has(ruler.check));
  const down = rulers.filter((ruler) => ruler.axis === "y");
  const across = rulers.filter((ruler) => ruler.axis === "x");
  const face = across.find((ruler) => ruler.marks.length === 2)?.marks;

  const groups = new Map();
  const group = (check) => {
    if (!groups.has(check)) {
      groups.set(check, s("g", { class: `mark mark-${gravity(findings.get(check))}` }));
    }
    return groups.get(check);
  };

  const outlines = (report.drawings?.outlines ?? []).flatMap(({ points }) =>
    ["rim", "outline"].map((part) =>
      s("polygon", { class: part, points: points.map((point) => point.join(",")).join(" ") }),
    ),
  );
  const taken = [];
  for (const [check, number] of numbers) {
    const finding = findings.get(check);
    const ruler = rulers.find((each) => each.check === check);
    if (!finding.region && !ruler) continue;
    // A hint shows itself only when it is asked for.
    const quiet = gravity(finding) === "note";
    group(check).append(
      s(
        "g",
        { class: quiet ? "quiet" : null },
        finding.region ? box(finding.region) : [],
        tag(number, spot(finding, ruler, quiet)),
      ),
    );
  }
  // Over the boxes, so that their words can be read.
  down.forEach((ruler, row) => {
    group(ruler.check).append(...drawnDown(ruler, findings.get(ruler.check), row));
  });
  across.forEach((ruler, row) => {
    group(ruler.check).append(...drawnAcross(ruler, findings.get(ruler.check), row));
  });

  function drawnDown({ marks, bands }, finding, row) {
    const x = -(row + 1) * 4.5 * unit;
    const [value] = measured(finding);
    return [
      s("rect", { class: "ruler", x, y: 0, width: 3 * unit, height }),
      ...bands.map(([low, high]) =>
        s("rect", { class: "allowed", x, y: low, width: 3 * unit, height: high - low }),
      ),
      ...bands.map(([low, high]) =>
        s("rect", { class: "stretch", x: 0, y: low, width, height: high - low }),
      ),
      ...marks.flatMap((y) => [
        // The face itself stays free.
        ...(row > 0 && face
          ? [line(x, y, face[0], y), line(face[1], y, width, y)]
          : [line(x, y, width, y)]),
        words(width - unit, Math.max(y - 1.2 * unit, 4 * unit), `${name(finding)} ${value}`, "end"),
      ]),
    ];
  }

  function drawnAcross({ marks, bands }, finding, row) {
    const y = height + (1.5 + row * 9) * unit;
    const [value] = measured(finding);
    const clipped = bands.map(([low, high]) => [Math.max(low, 0), Math.min(high, width)]);
    return [
      s("rect", { class: "ruler", x: 0, y, width, height: 3 * unit }),
      ...clipped.flatMap(([x, end]) => {
        const length = Math.max(end - x, 0);
        return [
          s("rect", { class: "allowed", x, y, width: length, height: 3 * unit }),
          s("rect", { class: "stretch", x, y: 0, width: length, height }),
        ];
      }),
      ...marks.map((x) => line(x, 0.8 * height, x, y + 3 * unit)),
      words(0, y + 7 * unit, `${name(finding)} ${value}`, "start"),
    ];
  }

  function name(finding) {
    return label(finding.check.replace("/", "_"), "");
  }

  function line(x1, y1, x2, y2) {
    return s("g", {}, s("line", { class: "rim", x1, y1, x2, y2 }), s("line", { x1, y1, x2, y2 }));
  }

  function words(x, y, content, anchor) {
    return s("text", { x, y, "font-size": 3.8 * unit, "text-anchor": anchor }, content);
  }

  function box([x, y, w, z]) {
    const room = { x, y, width: w, height: z };
    const shade = `M0 0H${width}V${height}H0ZM${x} ${y}h${w}v${z}h${-w}Z`;
    return [
      s("path", { class: "shade", d: shade, "fill-rule": "evenodd" }),
      s("rect", { class: "rim", ...room }),
      s("rect", { class: "region", ...room }),
    ];
  }

  function spot({ region }, ruler, quiet) {
    const size = 3.2 * unit;
    let [x, y] = region ?? (ruler.axis === "y" ? [0, ruler.marks[0]] : [ruler.marks[0], height]);
    x = Math.min(Math.max(x, size), width - size);
    y = Math.min(Math.max(y, size), height - size);
    const near = ([a, b]) => Math.abs(a - x) < 2 * size && Math.abs(b - y) < 2 * size;
    while (!quiet && taken.some(near)) {
      x += 2.1 * size;
      if (x > width - size) [x, y] = [size, y + 2.1 * size];
      if (y > height - size) break;
    }
    if (!quiet) taken.push([x, y]);
    return [x, y];
  }

  function tag(number, [x, y]) {
    return s(
      "g",
      { class: "tag" },
      s("circle", { cx: x, cy: y, r: 3 * unit }),
      s("text", { x, y: y + 1.4 * unit, "font-size": 4 * unit, "text-anchor": "middle" }, number),
    );
  }

  const drawing = s(
    "svg",
    { class: "overlay", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    outlines,
    [...groups.values()],
  );
  const picture = h("img", { src: source, alt: t("picture_alt"), width, height });
  const drawn = h("div", { class: "stage-picture" }, picture, drawing);
  const stage = h("div", { class: "stage" }, drawn);
  const left = down.length ? (down.length * 4.5 + 1) * unit : 0;
  const below = across.length ? (across.length * 9 + 1) * unit : 0;
  stage.style.paddingLeft = `${(100 * left) / (width + left)}%`;
  stage.style.paddingBottom = `${(100 * below) / (width + left)}%`;
  stage.style.maxWidth = `max(15rem, ${(68 * (width + left)) / height}vh)`;
  return {
    element: stage,
    has: (check) => groups.has(check),
    highlight(check) {
      drawing.classList.toggle("chosen", groups.has(check));
      for (const [each, element] of groups) {
        element.classList.toggle("on", each === check);
        // What is chosen lies on top.
        if (each === check) drawing.append(element);
      }
    },
  };
}
