// What the timeline shows, in words and figures.

/** Why a test on the critical path began no earlier. */
const becauseWords = {
  start: "the run began",
  worker: "its worker was free",
  requirement: "what it requires had ended",
  resource: "the resource was free",
  exclusive: "nothing else ran any more",
  replacement: "its worker was started in place of one that died",
};

const TimelineTables = (() => {
  function criticalPath() {
    const steps = Run.timeline.critical_path;
    if (!steps.length) return null;
    const along = steps.reduce((sum, step) => sum + step.seconds, 0);
    return part(
      `Critical path: ${countOf(steps.length, "test")}, ${seconds(along)}`,
      { class: "path-steps" },
      element(
        "p",
        { class: "quiet" },
        "Each of these began when the one before it ended; a shorter one makes the run shorter.",
      ),
      capped(
        steps.map((step, index) => [step, index]),
        30,
        ([step]) =>
          element(
            "li",
            {},
            element("span", { class: "took" }, seconds(step.seconds)),
            bar(step.seconds / Math.max(...steps.map((each) => each.seconds), 1e-9)),
            testLink(step.test),
            element("span", { class: "quiet" }, becauseWords[step.because]),
          ),
        { class: "measured" },
      ),
    );
  }

  function resourceTable() {
    const resources = Run.timeline.resources;
    if (!resources.length) return null;
    const rows = resources.map((each) => {
      const held = each.held.reduce((sum, one) => sum + one.seconds * one.amount, 0);
      const holders = [
        ...each.waited_by_holder.map(([test, waited]) => [waited, () => testLink(test, Run.name(test))]),
        ...each.waited_by_keeper.map((kept) => [kept.seconds, () => keeper(kept)]),
      ]
        .sort(([one], [other]) => other - one)
        .slice(0, 3)
        .map(([waited, whom]) => element("div", {}, seconds(waited), " for ", whom()));
      return [
        each.name,
        String(each.capacity),
        seconds(held),
        percent(held / (each.capacity * Lanes.end)),
        seconds(each.waited),
        holders,
      ];
    });
    return part(
      "Resources",
      {},
      table(
        "Resources",
        [
          ["resource", ""],
          ["slots", "number"],
          ["held", "number"],
          ["of the run", "number"],
          ["waited for", "number"],
          ["for whom", "whom"],
        ],
        rows,
      ),
    );
  }

  function workerTable() {
    const rows = Run.summary.per_worker.map((each) => [
      element("a", { href: Address.ofQuery(`w:${each.name}`, "ran") }, each.name),
      count(each.tests),
      seconds(each.busy),
      seconds(each.alive),
      element(
        "span",
        { class: "with-bar" },
        bar(each.busy_share ?? 0),
        each.busy_share === null ? "–" : percent(each.busy_share),
      ),
      each.start === null ? "–" : seconds(each.start),
      each.collect === null ? "–" : seconds(each.collect),
      each.crashes ? count(each.crashes) : "",
    ]);
    return rows.length
      ? part(
          "Workers",
          {},
          table(
            "Workers",
            [
              ["worker", ""],
              ["tests", "number"],
              ["in tests", "number"],
              ["alive", "number"],
              ["busy", "number"],
              ["start", "number"],
              ["collection", "number"],
              ["crashes", "number"],
            ],
            rows,
          ),
        )
      : null;
  }

  return { criticalPath, resourceTable, workerTable };
})();
