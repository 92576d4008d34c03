// The timeline's lines: one a worker, one a resource; what is on them in order of time.

const Lanes = (() => {
  const byName = (a, b) => a.localeCompare(b, "en", { numeric: true });

  /** Lines from top to bottom: {name, kind, attempts | held, spans, depth}. */
  function all() {
    // what came of the collection of a file ran on no worker
    const ran = Run.workers.filter(Boolean);
    const names = [...new Set([...ran, ...Run.timeline.lanes.map((lane) => lane.worker)])].sort(
      byName,
    );
    const workers = names.map((name) => ({
      kind: "worker",
      name,
      attempts: [],
      spans: Run.timeline.lanes.find((lane) => lane.worker === name)?.spans ?? [],
      rows: 1,
    }));
    const lane = new Map(workers.map((each) => [each.name, each]));
    for (let attempt = 0; attempt < Run.testOf.length; attempt++)
      lane.get(Run.worker(attempt))?.attempts.push(attempt);
    for (const each of workers) each.attempts.sort((a, b) => Run.at[a] - Run.at[b]);
    return [...workers, ...Run.timeline.resources.map(ofResource)];
  }

  /** Shares that were held at the same time lie above each other. */
  function ofResource(resource) {
    const ends = [];
    const held = [...resource.held]
      .sort((a, b) => a.at - b.at)
      .map((each) => {
        let row = ends.findIndex((end) => end <= each.at + 1e-9);
        if (row < 0) row = ends.length;
        ends[row] = each.at + each.seconds;
        return { ...each, row };
      });
    return {
      kind: "resource",
      name: resource.name,
      resource,
      held,
      spans: [],
      rows: Math.max(1, Math.min(ends.length, 6)),
    };
  }

  /** Number of the first entry that ends after a moment; entries do not overlap. */
  function firstAfter(attempts, moment_) {
    let low = 0;
    let high = attempts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Run.ended(attempts[middle]) <= moment_) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  const end = Math.max(
    Run.summary.wall,
    ...Run.timeline.lanes.flatMap((lane) => lane.spans.map((span) => span.at + span.seconds)),
    0.001,
  );

  return { all, firstAfter, end };
})();
