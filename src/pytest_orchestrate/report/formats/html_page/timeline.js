// The timeline: when what ran where, why it ended when it did, and where time was lost.

const Timeline = (() => {
  let drawing = null;
  let holder = null;
  const canvas = element("canvas", { class: "lanes", tabindex: "0", role: "img" });
  const tip = element("div", { class: "tip", hidden: true });
  const shown = element("span", { class: "span-shown" });

  function build() {
    const lanes = Lanes.all();
    drawing = new Drawing(canvas, lanes);
    canvas.style.height = `${drawing.height}px`;
    const workers = lanes.filter((lane) => lane.kind === "worker").length;
    const resources = lanes.length - workers;
    canvas.setAttribute(
      "aria-label",
      `Timeline of ${countOf(workers, "worker")}${resources ? ` and ${countOf(resources, "resource")}` : ""} over ${seconds(Lanes.end)}. The tables below tell the same. Arrow keys move, plus and minus zoom, 0 shows all.`,
    );
    const path = element("input", {
      type: "checkbox",
      checked: true,
      onchange: (event) => {
        drawing.path = event.target.checked;
        paint();
      },
    });
    const button = (text, label, action) =>
      element(
        "button",
        { type: "button", class: "tool", "aria-label": label, title: label, onclick: action },
        text,
      );
    holder = element(
      "div",
      { class: "timeline" },
      element(
        "div",
        { class: "timeline-head" },
        element("h1", {}, "Timeline"),
        boundedBy(),
        element(
          "div",
          { class: "timeline-tools" },
          shown,
          button("−", "Zoom out (-)", () => zoom(2)),
          button("+", "Zoom in (+)", () => zoom(0.5)),
          button("All", "Show all (0)", () => look(0, Lanes.end)),
          Run.timeline.critical_path.length
            ? element("label", { class: "check" }, path, "critical path")
            : null,
        ),
      ),
      element("div", { class: "lanes-holder" }, canvas, tip),
      legend(),
      TimelineTables.criticalPath(),
      TimelineTables.resourceTable(),
      TimelineTables.workerTable(),
    );
    listen();
    return holder;
  }

  function legend() {
    const used = new Set();
    for (let attempt = 0; attempt < Run.testOf.length; attempt++) used.add(Run.attemptOutcome(attempt));
    const spans = new Set(Run.timeline.lanes.flatMap((lane) => lane.spans.map((span) => span.kind)));
    const key = (className, text) => element("li", {}, element("span", { class: `key ${className}` }), text);
    return element(
      "ul",
      { class: "legend", "aria-label": "Legend" },
      Run.outcomes
        .filter((outcome) => used.has(outcome))
        .map((outcome) =>
          key(`key-outcome ${classOf(outcome)}${BAD.has(outcome) ? " hatched" : ""}`, outcome),
        ),
      key("key-setup", "set-up, tear-down"),
      [
        ["start", "start"],
        ["collect", "collection"],
        ["fixture", "fixtures of several tests"],
        ["idle", "idle"],
      ]
        .filter(([kind]) => spans.has(kind))
        .map(([kind, text]) => key(`key-${kind}`, text)),
      Run.timeline.critical_path.length ? key("key-path", "critical path") : null,
      Run.timeline.resources.length ? key("key-held", "resource held") : null,
      element("li", { class: "quiet hint" }, "wheel zooms, dragging moves, a click opens the test"),
    );
  }

  function look(from, until) {
    const whole = Lanes.end;
    const length = Math.min(Math.max(until - from, 0.002), whole * 1.02);
    drawing.from = Math.max(-whole * 0.01, Math.min(from, whole * 1.01 - length));
    drawing.until = drawing.from + length;
    shown.textContent =
      length >= whole
        ? `all ${seconds(whole)}`
        : `${seconds(length)} from ${seconds(Math.max(0, drawing.from))}`;
    paint();
  }

  /** Show more or less, around a moment or the middle. */
  function zoom(factor, around = (drawing.from + drawing.until) / 2) {
    look(around - (around - drawing.from) * factor, around + (drawing.until - around) * factor);
  }

  const move = (share) =>
    look(
      drawing.from + (drawing.until - drawing.from) * share,
      drawing.until + (drawing.until - drawing.from) * share,
    );

  let asked = false;
  function paint() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      if (holder?.isConnected) drawing.paint();
    });
  }

  function listen() {
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (event.offsetX < drawing.shape.label) return; // over the names, the page scrolls
        event.preventDefault();
        if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey)
          move((event.deltaX || event.deltaY) / 1000);
        else zoom(2 ** (event.deltaY / 240), drawing.time(event.offsetX));
      },
      { passive: false },
    );
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, from: drawing.from, until: drawing.until, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return hover(event);
      const by =
        ((drag.x - event.clientX) / (drawing.width - drawing.shape.label)) * (drag.until - drag.from);
      if (Math.abs(drag.x - event.clientX) > 3) drag.moved = true;
      if (drag.moved) look(drag.from + by, drag.until + by);
    });
    canvas.addEventListener("pointerup", (event) => {
      const moved = drag?.moved;
      drag = null;
      if (!moved) click(event);
    });
    canvas.addEventListener("pointercancel", () => {
      drag = null;
    });
    canvas.addEventListener("pointerleave", () => {
      tip.hidden = true;
    });
    canvas.addEventListener("keydown", (event) => {
      const action = {
        ArrowLeft: () => move(-0.2),
        ArrowRight: () => move(0.2),
        "+": () => zoom(0.5),
        "=": () => zoom(0.5),
        "-": () => zoom(2),
        0: () => look(0, Lanes.end),
      }[event.key];
      if (!action || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      action();
    });
    new ResizeObserver(paint).observe(canvas);
  }

  function click(event) {
    const found = drawing.at(event.offsetX, event.offsetY);
    if (found?.attempt !== undefined)
      Address.go({
        view: "tests",
        test: Run.key(Run.testOf[found.attempt]),
        query: "",
        sort: "ran",
        span: "",
      });
  }

  function hover(event) {
    const found = drawing.at(event.offsetX, event.offsetY);
    canvas.style.cursor =
      found?.attempt !== undefined ? "pointer" : event.offsetX < drawing.shape.label ? "default" : "grab";
    tip.hidden = !found;
    if (!found) return;
    tip.replaceChildren(...described(found));
    const room = holder.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(0, Math.min(event.offsetX + 14, room))}px`;
    tip.style.top = `${event.offsetY + 18}px`;
  }

  function described({ lane, attempt, span, held }) {
    const line = (...children) => element("p", {}, ...children);
    if (span) {
      const what = {
        start: "starts",
        collect: "collects",
        fixture: `fixture ${span.name}`,
        idle: `idle${span.name ? `: ${span.name}` : ""}`,
      }[span.kind];
      return [
        line(element("b", {}, `${lane.name} `), what),
        line(`${seconds(span.seconds)} at ${seconds(span.at)}`),
      ];
    }
    if (held) {
      const tests = held.tests
        .slice(0, 3)
        .map((test) => line(element("span", { class: "path" }, Run.nodeid(test))));
      return [
        line(
          element("b", {}, lane.name),
          ` held by ${held.worker}${held.amount > 1 ? `, ${held.amount} of ${lane.resource.capacity}` : ""}`,
        ),
        line(`${seconds(held.seconds)} at ${seconds(held.at)}`),
        ...tests,
        ...(held.kept_for ? [line("between tests of ", visibleName(held.kept_for))] : []),
      ];
    }
    const test = Run.testOf[attempt];
    const failure = Run.failure(Run.moreOfAttempt(attempt).failure);
    const step = Run.timeline.critical_path.find((each) => each.test === test);
    return [
      line(mark(Run.attemptOutcome(attempt)), " ", element("b", {}, Run.name(test))),
      line(element("span", { class: "path" }, Run.file(test))),
      line(
        `${seconds(Run.ended(attempt) - Run.at[attempt])} on ${lane.name} at ${seconds(Run.at[attempt])}`,
        Run.setup[attempt] > 0.0005 ? `, set-up ${seconds(Run.setup[attempt])}` : "",
        Run.teardown[attempt] > 0.0005 ? `, tear-down ${seconds(Run.teardown[attempt])}` : "",
      ),
      failure ? line(element("span", { class: "is-failed" }, failure.title.slice(0, 160))) : null,
      step ? line("on the critical path: ", becauseWords[step.because]) : null,
    ].filter(Boolean);
  }

  return {
    title: "Timeline",
    build,
    repaint() {
      if (!drawing) return;
      drawing.dye();
      paint();
    },
    show(place, before) {
      drawing.dye();
      const test = place.test ? Run.find(place.test) : undefined;
      if (test !== undefined && Run.attemptsOf(test)[1] > Run.attemptsOf(test)[0]) {
        const attempt = Run.attemptsOf(test)[1] - 1;
        const room = Math.max((Run.ended(attempt) - Run.at[attempt]) * 4, Lanes.end / 60);
        drawing.chosen = attempt;
        look(Run.at[attempt] - room, Run.ended(attempt) + room);
      } else if (before?.view !== "timeline" || drawing.until - drawing.from === 0)
        look(drawing.from, drawing.until);
    },
  };
})();
