// Drawing the timeline on a canvas. Times are seconds, places are CSS pixels.

/** How high lines are and what is between them; as a view of its own, and as a part of another. */
const WHOLE_PAGE = { top: 26, height: 20, gap: 6, share: 9, between: 14, label: 84 };
const STRIP = { top: 20, height: 11, gap: 4, share: 6, between: 6, label: 64 };

class Drawing {
  constructor(canvas, lanes, shape = WHOLE_PAGE) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.lanes = lanes;
    this.shape = shape;
    this.from = 0;
    this.until = Lanes.end;
    this.chosen = -1;
    this.path = true;
    let y = shape.top;
    let kind = "worker";
    for (const lane of lanes) {
      if (lane.kind !== kind) y += shape.between;
      kind = lane.kind;
      lane.y = y;
      lane.height = lane.kind === "worker" ? shape.height : lane.rows * shape.share;
      y += lane.height + shape.gap;
    }
    this.height = y + 8;
    this.laneOf = new Map(lanes.map((lane) => [`${lane.kind} ${lane.name}`, lane]));
    this.onPath = new Set(Run.timeline.critical_path.map((step) => step.test));
  }

  x(time) {
    return (
      this.shape.label + ((time - this.from) / (this.until - this.from)) * (this.width - this.shape.label)
    );
  }

  time(x) {
    return this.from + ((x - this.shape.label) / (this.width - this.shape.label)) * (this.until - this.from);
  }

  /** Take the colours of the theme that is on. */
  dye() {
    // a variable is told as it is written, for either theme; the colour of an element is settled
    const probe = document.body.appendChild(element("span", { hidden: true }));
    const colour = (name) => {
      probe.style.color = "";
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    this.colour = Object.fromEntries(
      [
        "text",
        "muted",
        "line",
        "ground",
        "panel",
        "accent",
        "path",
        "start",
        "collect",
        "fixture",
        "idle",
        "held",
        "setup",
      ].map((name) => [name, colour(name)]),
    );
    const softer = {
      passed: "lane-passed",
      skipped: "lane-skipped",
      xfailed: "lane-xfailed",
      "not run": "not-run",
    };
    this.outcome = Object.fromEntries(
      Run.outcomes.map((outcome) => [outcome, colour(softer[outcome] ?? outcome)]),
    );
    probe.remove();
    this.patterns = { bad: this.hatch(this.colour.panel, 5), idle: this.hatch(this.colour.line, 4) };
  }

  /** Slanted lines: what is not told by colour alone. */
  hatch(colour, step) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = step * 2;
    const context = tile.getContext("2d");
    context.strokeStyle = colour;
    context.lineWidth = 1.2;
    for (let offset = -step * 2; offset <= step * 2; offset += step) {
      context.moveTo(offset, step * 2);
      context.lineTo(offset + step * 2, 0);
    }
    context.stroke();
    return this.context.createPattern(tile, "repeat");
  }

  paint() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    if (!this.width) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = `11px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    this.axis();
    context.save();
    context.beginPath();
    context.rect(this.shape.label, 0, this.width - this.shape.label, this.height);
    context.clip();
    for (const lane of this.lanes) {
      this.ground(lane);
      if (lane.kind === "worker") this.worker(lane);
      else this.resource(lane);
    }
    if (this.path) this.criticalPath();
    this.choice();
    context.restore();
    this.labels();
  }

  axis() {
    const { context } = this;
    const least = ((this.until - this.from) / (this.width - this.shape.label)) * 80;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least);
    context.textAlign = "left";
    for (let tick = Math.ceil(this.from / step) * step; tick <= this.until; tick += step) {
      const x = Math.round(this.x(tick)) + 0.5;
      context.fillStyle = this.colour.line;
      context.fillRect(x - 0.5, 14, 1, this.height - 14);
      context.fillStyle = this.colour.muted;
      const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      context.fillText(`${tick.toFixed(decimals)} s`, x + 4, 9);
    }
  }

  ground(lane) {
    const { context } = this;
    context.fillStyle = this.colour.ground;
    const from = Math.max(this.shape.label, this.x(0));
    const until = Math.min(this.width, this.x(Lanes.end));
    if (until > from) context.fillRect(from, lane.y, until - from, lane.height);
  }

  worker(lane) {
    const { context } = this;
    for (const span of lane.spans) this.span(lane, span);
    let painted = -1;
    let worst = 0;
    for (let index = Lanes.firstAfter(lane.attempts, this.from); index < lane.attempts.length; index++) {
      const attempt = lane.attempts[index];
      if (Run.at[attempt] > this.until) break;
      const left = this.x(Run.at[attempt]);
      const right = this.x(Run.ended(attempt));
      const outcome = Run.attemptOutcome(attempt);
      const bad = BAD.has(outcome) ? 2 : outcome === "passed" ? 0 : 1;
      // what is narrower than a pixel is drawn once a pixel, and whatever went wrong wins
      if (right - left < 1 && Math.floor(left) === painted && bad <= worst) continue;
      if (Math.floor(left) !== painted) worst = 0;
      painted = Math.floor(left);
      worst = Math.max(worst, bad);
      this.attempt(lane, attempt, left, Math.max(right - left, 1), outcome);
    }
    context.globalAlpha = 1;
  }

  attempt(lane, attempt, left, width, outcome) {
    const { context } = this;
    const wide = width > 3 ? width - 0.75 : width;
    context.fillStyle = this.outcome[outcome];
    context.fillRect(left, lane.y, wide, lane.height);
    if (width > 4) {
      const setup = (Run.setup[attempt] / (this.until - this.from)) * (this.width - this.shape.label);
      const teardown = (Run.teardown[attempt] / (this.until - this.from)) * (this.width - this.shape.label);
      context.fillStyle = this.colour.setup;
      if (setup > 0.7) context.fillRect(left, lane.y, Math.min(setup, wide), lane.height);
      if (teardown > 0.7)
        context.fillRect(
          left + wide - Math.min(teardown, wide),
          lane.y,
          Math.min(teardown, wide),
          lane.height,
        );
    }
    if (BAD.has(outcome)) {
      context.fillStyle = this.patterns.bad;
      if (width > 5) context.fillRect(left, lane.y, wide, lane.height);
      // a flag above, to be found at any scale
      context.fillStyle = this.outcome[outcome];
      context.fillRect(left, lane.y - 4, Math.max(Math.min(wide, 6), 2), 4);
    }
    if (width > 70 && lane.height > 14)
      this.caption(Run.name(Run.testOf[attempt]), left, wide, lane, outcome);
  }

  caption(text, left, width, lane, outcome) {
    const { context } = this;
    const from = Math.max(left, this.shape.label) + 5;
    const room = Math.min(left + width, this.width) - from - 4;
    if (room < 40) return;
    const fits = Math.floor(room / 6.2);
    const shown = text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
    // nothing slants through the words
    if (BAD.has(outcome)) {
      context.fillStyle = this.outcome[outcome];
      context.fillRect(from - 4, lane.y, context.measureText(shown).width + 8, lane.height);
    }
    context.fillStyle = this.colour.panel;
    context.textAlign = "left";
    context.fillText(shown, from, lane.y + lane.height / 2 + 0.5);
  }

  span(lane, span) {
    const left = this.x(span.at);
    const width = Math.max(this.x(span.at + span.seconds) - left, 0.5);
    if (left > this.width || left + width < this.shape.label) return;
    const { context } = this;
    context.fillStyle = span.kind === "idle" ? this.patterns.idle : this.colour[span.kind];
    const inset = lane.height / 5;
    if (span.kind === "fixture") context.fillRect(left, lane.y + lane.height - inset, width, inset);
    else context.fillRect(left, lane.y + inset, width, lane.height - 2 * inset);
    if (span.kind !== "fixture" && span.kind !== "idle" && width > 60 && lane.height > 14) {
      context.fillStyle = this.colour.text;
      context.textAlign = "left";
      context.fillText(
        span.kind === "start" ? "start" : "collection",
        Math.max(left, this.shape.label) + 5,
        lane.y + lane.height / 2 + 0.5,
      );
    }
  }

  resource(lane) {
    const { context } = this;
    context.fillStyle = this.colour.held;
    for (const held of lane.held) {
      const left = this.x(held.at);
      const width = Math.max(this.x(held.at + held.seconds) - left - 0.5, 1);
      if (left > this.width || left + width < this.shape.label) continue;
      context.fillRect(
        left,
        lane.y + Math.min(held.row, lane.rows - 1) * this.shape.share,
        width,
        this.shape.share - 2,
      );
    }
  }

  /** The path that decided when the run ended: a line below its tests, from worker to worker. */
  criticalPath() {
    const { context } = this;
    const width = this.shape === STRIP ? 1.4 : 2.2;
    const below = [];
    const across = [];
    let last = null;
    for (const step of Run.timeline.critical_path) {
      const lane = this.laneOfTest(step.test, step.at);
      if (!lane) continue;
      const [left, right, y] = [this.x(step.at), this.x(step.at + step.seconds), lane.y + lane.height + 2];
      below.push([left, y, Math.max(right, left + 1), y]);
      // changes of worker among steps too narrow to be told apart would cover what they connect
      if (last && last.y !== y && Math.max(right - left, last.right - last.left) > 7)
        across.push([left, last.y, left, y], [last.right, last.y, left, last.y]);
      last = { left, right, y };
    }
    context.lineCap = "square";
    for (const [lines, colour, thick] of [
      [across, this.colour.panel, width * 1.8],
      [across, this.colour.path, width * 0.7],
      [below, this.colour.path, width],
    ]) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.beginPath();
      for (const [fromX, fromY, toX, toY] of lines) {
        if (Math.max(fromX, toX) < this.shape.label || Math.min(fromX, toX) > this.width) continue;
        context.moveTo(fromX, fromY);
        context.lineTo(toX, toY);
      }
      context.stroke();
    }
  }

  laneOfTest(test, at) {
    const [from, until] = Run.attemptsOf(test);
    let best = from;
    for (let attempt = from; attempt < until; attempt++) {
      if (Math.abs(Run.at[attempt] - at) < Math.abs(Run.at[best] - at)) best = attempt;
    }
    return until > from ? this.laneOf.get(`worker ${Run.worker(best)}`) : undefined;
  }

  choice() {
    if (this.chosen < 0) return;
    const lane = this.laneOf.get(`worker ${Run.worker(this.chosen)}`);
    const left = this.x(Run.at[this.chosen]);
    const right = this.x(Run.ended(this.chosen));
    this.context.strokeStyle = this.colour.text;
    this.context.lineWidth = 2;
    this.context.strokeRect(left - 2, lane.y - 2, Math.max(right - left, 2) + 4, lane.height + 4);
  }

  labels() {
    const { context } = this;
    context.textAlign = "left";
    for (const lane of this.lanes) {
      context.fillStyle = lane.kind === "worker" ? this.colour.text : this.colour.muted;
      const name = visibleName(lane.name);
      const text = name.length > 12 ? `${name.slice(0, 11)}…` : name;
      context.fillText(text, 0, lane.y + lane.height / 2 + 0.5);
    }
  }

  /** What lies at a place: {lane, attempt | span | held}; null for nothing. */
  at(x, y) {
    if (x < this.shape.label) return null;
    const lane = this.lanes.find((each) => y >= each.y - 4 && y < each.y + each.height + this.shape.gap - 2);
    if (!lane) return null;
    const time = this.time(x);
    const near = ((this.until - this.from) / this.width) * 2;
    if (lane.kind === "resource") {
      const row = Math.floor((y - lane.y) / this.shape.share);
      const held = lane.held.find(
        (each) =>
          each.at <= time && time < each.at + each.seconds && Math.min(each.row, lane.rows - 1) === row,
      );
      return held ? { lane, held } : null;
    }
    const attempt = lane.attempts[Lanes.firstAfter(lane.attempts, time - near)];
    if (attempt !== undefined && Run.at[attempt] <= time + near) return { lane, attempt };
    const span = lane.spans.find((each) => each.at <= time && time < each.at + each.seconds);
    return span ? { lane, span } : null;
  }
}
