// The timeline in small, as a part of another view.

/** What made the run take as long as it did; null where that is not known. */
function boundedBy() {
  return Run.bounded_by
    ? element("p", { class: "bounded" }, element("span", { class: "label" }, "Bounded by "), Run.bounded_by)
    : null;
}

const Strip = (() => {
  /** So many workers and resources are shown. */
  const WORKERS = 12;
  const RESOURCES = 3;
  const drawings = [];

  /** A part with the timeline of all of the run; null where nothing ran. */
  function strip() {
    const lanes = Lanes.all();
    const workers = lanes.filter((lane) => lane.kind === "worker");
    if (!Run.testOf.length) return null;
    const shown = [...workers.slice(0, WORKERS), ...lanes.slice(workers.length).slice(0, RESOURCES)];
    const canvas = element("canvas", {
      class: "lanes",
      role: "img",
      "aria-label": `What ran when on ${countOf(workers.length, "worker")}`,
    });
    const drawing = new Drawing(canvas, shown, STRIP);
    canvas.style.height = `${drawing.height}px`;
    drawings.push(drawing);
    new ResizeObserver(() => drawing.paint()).observe(canvas);
    drawing.dye();
    const hidden = lanes.length - shown.length;
    return part(
      "Where the time went",
      { class: "where-time-went" },
      Run.summary.workers > 1 ? boundedBy() : null,
      element(
        "a",
        { class: "strip", href: Address.to({ view: "timeline" }), title: "Open the timeline" },
        canvas,
      ),
      hidden > 0 ? element("p", { class: "quiet" }, `and ${count(hidden)} more in the timeline`) : null,
    );
  }

  return {
    strip,
    /** Take the colours of the theme that is on now. */
    repaint() {
      for (const drawing of drawings) {
        drawing.dye();
        drawing.paint();
      }
    },
  };
})();
