// Small drawings: bars, sparklines, a line over runs. What they show stands beside them in words.

/** A bar in which each outcome has its share, the bad ones first. */
function outcomeBar(outcomes, label) {
  const present = Run.outcomes.filter((outcome) => outcomes[outcome]);
  const whole = present.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  let x = 0;
  const parts = present.map((outcome, index) => {
    // a single failure among thousands must be seen
    const width = Math.max((outcomes[outcome] / whole) * 1000, 6);
    const gap = index < present.length - 1 ? 1.5 : 0;
    const part = drawn("rect", { class: classOf(outcome), x, y: 0, width: width - gap, height: 8 });
    x += width;
    return part;
  });
  return drawn(
    "svg",
    {
      class: "outcome-bar",
      viewBox: `0 0 ${Math.max(x, 1)} 8`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    },
    parts,
  );
}

/** A share of a whole, as a bar. */
function bar(share, className = "") {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return drawn(
    "svg",
    {
      class: `bar-of ${className}`,
      viewBox: "0 0 100 6",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    drawn("rect", { class: "ground", width: 100, height: 6 }),
    drawn("rect", { class: "value", width, height: 6 }),
  );
}

/** Earlier attempts and this one: a column each, as high as it was long; bad ones stand on a mark. */
function sparkline(history, width = 64, height = 16) {
  const most = Math.max(...history.map(([, took]) => took), 1e-6);
  const step = width / Math.max(history.length, 6);
  // one path for each outcome: a list has many of these
  const paths = { p: "", f: "", s: "" };
  const column = (x, y, high) =>
    `M${x.toFixed(1)} ${y.toFixed(1)}h${Math.max(step - 1, 0.8).toFixed(1)}v${high.toFixed(1)}h-${Math.max(step - 1, 0.8).toFixed(1)}z`;
  for (const [index, [outcome, took]] of history.entries()) {
    const high = outcome === "s" ? 1.5 : Math.max(2, (took / most) * (height - 4));
    const x = width - (history.length - index) * step;
    paths[outcome] += column(x, height - 3 - high, high);
    if (outcome === "f") paths.f += column(x, height - 2, 2);
  }
  const shapes = Object.entries(paths)
    .filter(([, d]) => d)
    .map(([outcome, d]) => drawn("path", { class: `past-${outcome}`, d }));
  const bad = history.filter(([outcome]) => outcome === "f").length;
  const label = `last ${history.length} attempts: ${bad ? `${bad} bad` : "none bad"}`;
  return drawn(
    "svg",
    {
      class: "sparkline",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": label,
    },
    drawn("title", {}, label),
    shapes,
  );
}

/** A ring in a drawing that may be stretched: ends of lines are round whatever the scale. */
function ring(x, y) {
  const dot = (className) => drawn("line", { class: className, x1: x, x2: x, y1: y, y2: y });
  return [dot("ring"), dot("ring hole")];
}

/**
 * Values over runs, the oldest first; the last one is marked and written out. `unlike`: which of them
 * are not comparable with the last; these are rings.
 */
function trendChart(title, values, shown, runs, { className = "", unlike = [] } = {}) {
  const width = 300;
  const height = 76;
  const [left, right, top, bottom] = [2, 2, 10, 6];
  const most = Math.max(...values, 1e-9);
  const x = (index) =>
    left + (values.length < 2 ? 0.5 : index / (values.length - 1)) * (width - left - right);
  const y = (value) => height - bottom - (value / most) * (height - top - bottom);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const last = values.length - 1;
  const told = (value, index) => shown(value) + (unlike[index] ? " (not comparable)" : "");
  const label = `${title}: ${values.map(told).join(", ")}`;
  const readout = element("span", { class: "value" }, shown(values[last]));
  const pointer = drawn("line", { class: "pointer", y1: top - 4, y2: height - bottom });
  const chart = drawn(
    "svg",
    {
      class: "trend",
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    },
    drawn("line", { class: "ground", x1: 0, x2: width, y1: height - bottom, y2: height - bottom }),
    drawn("line", { class: "most", x1: 0, x2: width, y1: top, y2: top }),
    drawn("polygon", {
      class: "area",
      points: `${x(0)},${height - bottom} ${points.join(" ")} ${x(last)},${height - bottom}`,
    }),
    drawn("polyline", { class: "line", points: points.join(" ") }),
    values.map((value, index) =>
      unlike[index] ? ring(x(index), y(value)) : null,
    ),
    pointer,
    drawn("rect", { class: "last", x: x(last) - 2.5, y: y(values[last]) - 2.5, width: 5, height: 5 }),
  );
  const where = element(
    "span",
    { class: "note" },
    values.length > 1 ? `of ${countOf(values.length, "run")}, most ${shown(most)}` : "first run",
  );
  const unpointed = where.textContent;
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const index = Math.round(((event.clientX - box.left) / box.width) * last);
    if (!(index >= 0 && index <= last)) return;
    pointer.setAttribute("x1", x(index));
    pointer.setAttribute("x2", x(index));
    chart.classList.add("pointed");
    readout.textContent = shown(values[index]);
    where.textContent = runs[index];
  });
  chart.addEventListener("pointerleave", () => {
    chart.classList.remove("pointed");
    readout.textContent = shown(values[last]);
    where.textContent = unpointed;
  });
  return element(
    "figure",
    { class: `trend-figure ${className}` },
    element("figcaption", {}, element("span", { class: "label" }, title), readout, where),
    chart,
  );
}
