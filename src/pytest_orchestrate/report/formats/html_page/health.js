// In what shape the suite is: quality, trends over runs, flaky, slower and slow tests.

const Health = (() => {
  function score() {
    if (!Run.score) return null;
    const { points, parts } = Run.score;
    return part(
      "Quality",
      { class: "score" },
      element("p", { class: "points" }, element("b", {}, String(Math.round(points))), " of 100"),
      element(
        "ul",
        { class: "score-parts" },
        parts.map((each) =>
          element(
            "li",
            {},
            element("span", { class: "name" }, each.name),
            bar(each.of ? each.points / each.of : 0),
            element(
              "span",
              { class: "number" },
              `${each.points.toFixed(each.points % 1 ? 1 : 0)} of ${each.of.toFixed(each.of % 1 ? 1 : 0)}`,
            ),
            element("span", { class: "quiet" }, each.why),
          ),
        ),
      ),
    );
  }

  function trends() {
    const runs = Run.trend;
    if (!runs.length) return null;
    const names = runs.map(
      (point) =>
        moment(point.started) +
        (point.revision ? `, ${short(point.revision)}` : "") +
        (point.unlike ? `, ${point.unlike}` : ""),
    );
    const unlike = runs.map((point) => Boolean(point.unlike));
    const whole = (value) => count(Math.round(value));
    return part(
      "Trends",
      { class: "trends" },
      element(
        "div",
        { class: "charts" },
        trendChart(
          "Wall time",
          runs.map((point) => point.wall),
          seconds,
          names,
          { unlike },
        ),
        trendChart(
          "Failures",
          runs.map((point) => point.failed),
          whole,
          names,
          { className: "of-failures" },
        ),
        trendChart(
          "Flaky on the revision",
          runs.map((point) => point.flaky),
          whole,
          names,
          { className: "of-flaky" },
        ),
        trendChart(
          "Tests that ran",
          runs.map((point) => point.tests),
          whole,
          names,
        ),
      ),
      unlike.some(Boolean)
        ? element("p", { class: "quiet" }, "○ not comparable: that run had other workers, no tests, or ended early")
        : null,
      element(
        "details",
        { class: "section" },
        element("summary", {}, "As a table"),
        table(
          "Runs",
          [
            ["run", ""],
            ["revision", ""],
            ["tests that ran", "number"],
            ["added", "number"],
            ["removed", "number"],
            ["failed", "number"],
            ["flaky on the revision", "number"],
            ["wall time", "number"],
            ["one after another", "number"],
            ["not comparable", ""],
          ],
          [...runs]
            .reverse()
            .map((point) => [
              moment(point.started),
              point.revision ? short(point.revision) : "",
              count(point.tests),
              point.added || "",
              point.removed || "",
              point.failed || "",
              point.flaky || "",
              seconds(point.wall),
              seconds(point.serial),
              point.unlike,
            ]),
        ),
      ),
    );
  }

  const spark = (test) => {
    const past = Run.past(test);
    return past.length ? sparkline(past.slice(-20), 80, 16) : "";
  };

  function flaky() {
    const told = Run.flaky.length
      ? table(
          "Flaky tests",
          [
            ["test", ""],
            ["bad", "number"],
            ["flips", "number"],
            ["failure rate", "number"],
            ["95 % interval", "number"],
            ["history", ""],
          ],
          Run.flaky
            .slice(0, 100)
            .map((each) => [
              testLink(each.test),
              `${count(each.bad)} of ${count(each.attempts)}`,
              count(each.flips),
              percent(each.rate),
              `${percent(each.rate_low)} to ${percent(each.rate_high)}`,
              spark(each.test),
            ]),
        )
      : null;
    return told
      ? part(
          `Flaky on record: ${countOf(Run.flaky.length, "test")}`,
          {},
          element("p", { class: "quiet" }, "Both good and bad on one revision, in this run or earlier."),
          told,
        )
      : null;
  }

  function slower() {
    if (!Run.regressions.length) return null;
    return part(
      `Slower: ${countOf(Run.regressions.length, "test")}`,
      {},
      element("p", { class: "quiet" }, "Beyond what their own noise explains."),
      table(
        "Slower tests",
        [
          ["test", ""],
          ["before", "number"],
          ["now", "number"],
          ["more", "number"],
          ["p, by Fisher's test", "number"],
          ["history", ""],
        ],
        Run.regressions
          .slice(0, 100)
          .map((each) => [
            testLink(each.test),
            seconds(each.before),
            seconds(each.now),
            `+${seconds(each.now - each.before)}`,
            each.p < 0.0001 ? "below 0.01 %" : percent(each.p, 2),
            spark(each.test),
          ]),
      ),
    );
  }

  function slow() {
    const tests = Array.from({ length: Run.size }, (_, test) => test)
      .sort((a, b) => Run.took[b] - Run.took[a])
      .slice(0, 20)
      .filter((test) => Run.took[test] > 0);
    if (!tests.length) return null;
    const most = Run.took[tests[0]];
    const all = Run.summary.serial || 1;
    const told = tests.reduce((sum, test) => sum + Run.took[test], 0);
    return part(
      `Slow: these ${count(tests.length)} take ${percent(Math.min(1, told / all))} of all time`,
      {},
      table(
        "Slow tests",
        [
          ["test", ""],
          ["time", "number"],
          ["", "spread"],
          ["without shared fixtures", "number"],
          ["expected", "number"],
          ["history", ""],
        ],
        tests.map((test) => [
          testLink(test),
          seconds(Run.took[test]),
          bar(Run.took[test] / most),
          Run.own(test) < Run.took[test] - 0.0005 ? seconds(Run.own(test)) : "",
          Run.estimate(test) === null ? "" : seconds(Run.estimate(test)),
          spark(test),
        ]),
      ),
      element("a", { class: "more", href: Address.ofQuery("", "slow") }, "all by time"),
    );
  }

  return {
    title: "Health",
    build: () =>
      element(
        "div",
        { class: "health" },
        element("h1", {}, "Health"),
        Run.score || Run.trend.length
          ? null
          : element("p", { class: "quiet" }, "Earlier runs are not known, so there are no trends yet."),
        score(),
        trends(),
        flaky(),
        slower(),
        slow(),
      ),
  };
})();
