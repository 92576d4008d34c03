// The first view: what happened, why, and what to do next.

const Summary = (() => {
  const { summary, run, changes } = Run;

  /** The verdict; what comes after its first comma is beside the point. */
  const sentence = () => Run.sentence.split(", ", 1)[0];
  const beside = () => {
    const rest = Run.sentence.slice(sentence().length);
    return rest ? element("span", { class: "beside-verdict" }, rest) : null;
  };

  /** One figure with its name. */
  function reading(name, value, note, className = "", drawing = null) {
    return element(
      "div",
      { class: `reading ${className}` },
      element("dt", {}, name),
      element(
        "dd",
        {},
        element("span", { class: "value" }, value),
        drawing,
        element("span", { class: "note" }, note ?? ""),
      ),
    );
  }

  const comparable = Run.trend.filter((point) => !point.unlike);
  const recent = (of) => comparable.slice(-24).map((point) => ["p", of(point)]);

  function readings() {
    const rate = Run.pass_rate;
    const workers = summary.mode === "in-process" ? "in-process" : workersOf(summary);
    return element(
      "dl",
      { class: "readings" },
      reading(
        "Pass rate",
        rate === null ? "–" : percent(rate, 1),
        `of ${countOf(Run.decided, "test")} with a verdict`,
      ),
      reading(
        "Wall time",
        seconds(summary.wall),
        changes && changes.wall !== null ? slower(changes.wall) : "",
        "",
        comparable.length > 2
          ? sparkline(
              recent((point) => point.wall),
              72,
              18,
            )
          : null,
      ),
      reading("One after another", seconds(summary.serial), "all attempts added up"),
      Run.speedup === null
        ? reading("Workers", workers, "")
        : reading(
            "Speed-up",
            `${Run.speedup.toFixed(1)}×`,
            `${workers}, ${percent(summary.busy_share ?? 0)} busy`,
          ),
      Run.score
        ? reading(
            "Quality",
            `${Math.round(Run.score.points)}`,
            element("a", { href: Address.to({ view: "health" }) }, "of 100, why"),
          )
        : null,
    );
  }

  /** Counts of outcomes that switch what is listed. */
  function pills(query, onTests) {
    const asked = new Set(Query.values(query, "s"));
    const chosen = (outcome) => asked.has(outcome.replace(" ", "-"));
    const all = element(
      "a",
      {
        class: "pill",
        href: Address.ofQuery(
          Query.parse(query)
            .filter((term) => term.key !== "s")
            .map(Query.written)
            .join(" "),
        ),
        "aria-current": onTests && !asked.size ? "true" : null,
      },
      element("b", {}, count(summary.collected)),
      " all",
    );
    const some = Run.outcomes
      .filter((outcome) => summary.outcomes[outcome])
      .map((outcome) => {
        const value = outcome.replace(" ", "-");
        const pill = element(
          "a",
          {
            class: `pill ${classOf(outcome)}`,
            href: Address.ofQuery(Query.toggled(query, "s", value, true)),
            "aria-current": onTests && chosen(outcome) ? "true" : null,
            title: MEANING[outcome],
          },
          mark(outcome, false),
          element("b", {}, count(summary.outcomes[outcome])),
          ` ${outcome}`,
        );
        pill.addEventListener("click", (event) => {
          if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
          event.preventDefault();
          Address.go({ view: "tests", query: Query.toggled(query, "s", value, false) });
        });
        return pill;
      });
    const files = [
      [summary.uncollected, "error", "not collected"],
      [summary.skipped_files, "skipped", "skipped whole"],
    ]
      .filter(([number]) => number)
      .map(([number, outcome, what]) =>
        element(
          "a",
          { class: `pill ${classOf(outcome)}`, href: Address.ofQuery(Query.toggled(query, "s", outcome, true)) },
          element("b", {}, countOf(number, "file")),
          ` ${what}`,
        ),
      );
    return element(
      "div",
      { class: "pills", role: "group", "aria-label": "Filter by outcome" },
      all,
      some,
      files,
    );
  }

  function circumstances() {
    const branch = run.branch ? [" on ", element("b", {}, run.branch)] : null;
    const ci =
      run.ci &&
      (/^https?:\/\//i.test(run.ci.url ?? "")
        ? element("a", { href: run.ci.url, rel: "noreferrer noopener" }, run.ci.name)
        : run.ci.name);
    return element(
      "p",
      { class: "circumstances" },
      run.revision
        ? element(
            "span",
            {},
            element("code", { title: run.revision }, short(run.revision)),
            branch,
            run.dirty ? element("span", { class: "tag" }, "with local changes") : null,
          )
        : null,
      element("time", { datetime: new Date(run.started * 1000).toISOString() }, moment(run.started)),
      ci ? element("span", {}, ci) : null,
      run.python ? element("span", {}, `Python ${run.python}`) : null,
      run.selection && run.selection !== "."
        ? element("span", {}, "selected ", element("code", {}, run.selection))
        : null,
      element("span", { class: "quiet" }, "run ", element("code", {}, run.run)),
    );
  }

  /** A test to go to, and a colon; nothing without one. */
  function ofTest(nodeid) {
    if (!nodeid) return null;
    const test = Run.find(nodeid);
    if (test === undefined) return `${nodeid}: `;
    return [element("a", { href: Address.ofTest(test), title: nodeid }, Run.name(test)), ": "];
  }

  /** What the run lost, each in a line: workers, tests that had no turn, its end. */
  function losses() {
    const crashed = summary.crashes.map((each) => {
      const who = each.reason.includes(each.worker) ? "" : `${each.worker}: `;
      return element("p", {}, mark("crashed"), " ", ofTest(each.test), `${who}${each.reason}`);
    });
    const left = summary.not_run.map((each) =>
      element("p", {}, mark("not run"), ` ${countOf(each.count, "test")} not run: ${each.reason}`),
    );
    const told = summary.not_run.some((each) => each.reason === summary.reason);
    const early =
      summary.reason && !told
        ? element("p", {}, mark("interrupted"), ` Ended early: ${summary.reason}`)
        : null;
    const all = [early, ...crashed.slice(0, 5), ...left.slice(0, 5)].filter(Boolean);
    return all.length ? element("div", { class: "loss" }, all) : null;
  }

  return {
    pills,
    title: "Summary",
    build: () =>
      element(
        "div",
        { class: "summary" },
        element("header", { class: "headline" }, element("h1", {}, sentence(), beside()), circumstances()),
        outcomeBar(summary.outcomes, Run.sentence),
        pills("", false),
        readings(),
        losses(),
        element(
          "div",
          { class: "columns" },
          element("div", { class: "wide" }, failureGroups(), Strip.strip(), Folders.digest()),
          element(
            "div",
            { class: "narrow" },
            Aside.sinceLast(),
            Aside.advice(),
            Aside.next(),
            Aside.slowest(),
          ),
        ),
      ),
  };
})();
