// The attempts of a test: what each one took, why it failed, what it wrote and left.

const Attempts = (() => {
  /** A part with all attempts, the one that says most in front. */
  function all(test, from, until) {
    const several = until - from > 1;
    const panel = element("div", { class: "attempt", id: "attempt", role: several ? "tabpanel" : null });
    const choose = (attempt) => {
      for (const [index, tab] of tabs.entries()) {
        tab.setAttribute("aria-selected", String(from + index === attempt));
        tab.tabIndex = from + index === attempt ? 0 : -1;
      }
      panel.replaceChildren(...attemptPage(attempt));
    };
    const tabs = [];
    for (let attempt = from; attempt < until; attempt++) {
      tabs.push(
        element(
          "button",
          { type: "button", role: "tab", "aria-controls": "attempt", onclick: () => choose(attempt) },
          mark(Run.attemptOutcome(attempt)),
          `Attempt ${attempt - from + 1}`,
          element("span", { class: "quiet" }, seconds(Run.ended(attempt) - Run.at[attempt])),
        ),
      );
    }
    const turn = (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = (tabs.indexOf(event.target) + by + tabs.length) % tabs.length;
      choose(from + next);
      tabs[next].focus();
    };
    // what a reader comes for is the failure
    let shown = until - 1;
    while (shown > from && Run.moreOfAttempt(shown).failure === undefined) shown--;
    if (Run.moreOfAttempt(shown).failure === undefined) shown = until - 1;
    choose(shown);
    return element(
      "section",
      { class: "part attempts", "aria-label": "Attempts" },
      several
        ? element("div", { class: "tabs", role: "tablist", "aria-label": "Attempts", onkeydown: turn }, tabs)
        : null,
      panel,
    );
  }

  function attemptPage(attempt) {
    const { failure, reason: told, sections, artifacts } = Run.moreOfAttempt(attempt);
    const why = Run.failure(failure);
    return [
      phases(attempt),
      told ? element("p", { class: "reason" }, told) : null,
      why ? failed(why) : null,
      artifacts ? element("div", { class: "artifacts" }, artifacts.map(artifact)) : null,
      ...(sections ?? []).map(([title, text], index) => section(title, text, index === 0 && !why)),
    ].filter(Boolean);
  }

  /** Set-up, call and tear-down side by side, and when and where. */
  function phases(attempt) {
    const parts = [
      ["set-up", Run.setup[attempt]],
      ["call", Run.call[attempt]],
      ["tear-down", Run.teardown[attempt]],
    ];
    const { within } = Run.moreOfAttempt(attempt);
    const whole = parts.reduce((sum, [, took]) => sum + took, 0) || 1;
    let x = 0;
    const shapes = parts.map(([name, took]) => {
      const shape = drawn("rect", { class: `phase-${name}`, x, width: (took / whole) * 1000, height: 6 });
      x += (took / whole) * 1000;
      return shape;
    });
    return element(
      "div",
      { class: "phases" },
      drawn(
        "svg",
        { class: "phase-bar", viewBox: "0 0 1000 6", preserveAspectRatio: "none", "aria-hidden": "true" },
        shapes,
      ),
      element(
        "p",
        {},
        parts
          .filter(([, took]) => took > 0)
          .map(([name, took]) =>
            element("span", { class: `phase phase-${name}` }, `${name} `, element("b", {}, seconds(took))),
          ),
        element(
          "span",
          { class: "quiet" },
          `on ${Run.worker(attempt)}, the ${ordinal(Run.order(attempt) + 1)} that it ran, at ${moment(Run.run.started + Run.at[attempt], true)} (${seconds(Run.at[attempt])} into the run${within ? `, give or take ${seconds(within)}: its clock is another one` : ""})`,
        ),
      ),
    );
  }

  const ordinal = (number) =>
    `${count(number)}${number % 100 > 10 && number % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th")}`;

  function failed(failure) {
    const text = element("div", { class: "unpacking" });
    unpackedText(failure.text, traceback).then((shown) => text.replaceChildren(shown));
    return element(
      "section",
      { class: "failure", "aria-label": "Failure" },
      element(
        "h2",
        {},
        failure.exception ? [element("b", {}, failure.exception), failure.message ? ": " : ""] : null,
        failure.message,
      ),
      failure.where
        ? element(
            "p",
            { class: "where" },
            element("code", {}, failure.where),
            copyButton("Copy the place", failure.where),
          )
        : null,
      text,
    );
  }

  function section(title, number, open) {
    const details = element("details", { class: "section" }, element("summary", {}, title));
    details.addEventListener("toggle", async () => {
      if (!details.open || details.children.length > 1) return;
      details.append(await unpackedText(number, output));
    });
    details.open = open;
    return details;
  }

  /** A link to a file that a test has left; the scheme is never the file's own choice. */
  function addressOf(path) {
    const escaped = path
      .split(/^[A-Za-z]:/.test(path) ? /[\\/]/ : "/")
      .map((part) => encodeURIComponent(wellFormed(part)))
      .join("/");
    if (/^[A-Za-z]%3A\//.test(escaped)) return `file:///${escaped.replace("%3A", ":")}`;
    return escaped.startsWith("/") ? `file://${escaped}` : `./${escaped}`;
  }

  function artifact({ name, path, bytes: size, media_type: type }) {
    const href = addressOf(path);
    const image = /^image\/(png|jpeg|gif|webp|svg\+xml)$/.test(type);
    return element(
      "figure",
      { class: image ? "artifact image" : "artifact" },
      image ? element("a", { href }, element("img", { src: href, alt: name, loading: "lazy" })) : null,
      element(
        "figcaption",
        {},
        element("a", { href }, name),
        element("span", { class: "quiet" }, `${type || "file"}, ${bytes(size)}`),
      ),
    );
  }

  return { all };
})();
