// The lines of the list of tests: files and what is in them.

/** Lines for these tests: by file, or in an order that mixes files. */
function rowsOf(found, sort, isOpen) {
  if (sort === "slow")
    return [...found].sort((a, b) => Run.took[b] - Run.took[a]).map((test) => ({ test, flat: true }));
  if (sort === "ran")
    return [...found].sort((a, b) => begin(a) - begin(b)).map((test) => ({ test, flat: true }));
  const byFile = new Map();
  for (const test of found) {
    const file = Run.fileNumber(test);
    if (byFile.has(file)) byFile.get(file).push(test);
    else byFile.set(file, [test]);
  }
  const rows = [];
  for (const [file, tests] of byFile) {
    const open = isOpen(file);
    rows.push({ file, tests, open });
    if (open) for (const [index, test] of tests.entries()) rows.push({ test, index, siblings: tests.length });
  }
  return rows;
}

function begin(test) {
  const [from, until] = Run.attemptsOf(test);
  return from < until ? Run.at[from] : Infinity;
}

/** A file: how many of its tests ended how, and how long they took. */
function fileRow({ file, tests, open }, id) {
  const outcomes = {};
  let took = 0;
  for (const test of tests) {
    outcomes[Run.outcome(test)] = (outcomes[Run.outcome(test)] ?? 0) + 1;
    took += Run.took[test];
  }
  const path = Run.files[file];
  const slash = path.lastIndexOf("/") + 1;
  const bad = Run.outcomes.filter(
    (outcome) => outcomes[outcome] && !["passed", "skipped", "xfailed"].includes(outcome),
  );
  return element(
    "div",
    { class: "row file", role: "treeitem", id, "aria-level": 1, "aria-expanded": String(open) },
    element("span", { class: `twist ${open ? "open" : ""}` }, symbol("open")),
    element(
      "span",
      { class: "name" },
      element("span", { class: "path" }, path.slice(0, slash)),
      path.slice(slash),
    ),
    element(
      "span",
      { class: "tallies" },
      bad.map((outcome) =>
        element("span", { class: `tally ${classOf(outcome)}` }, mark(outcome), count(outcomes[outcome])),
      ),
      element("span", { class: "tally all" }, count(tests.length), unseen(" tests")),
    ),
    element("span", { class: "took" }, seconds(took)),
  );
}

/** A test: how it ended, its name, what went wrong, and how long it took. */
function testRow({ test, flat, index, siblings }, id, slowest) {
  const outcome = Run.outcome(test);
  const failure = outcome === "passed" ? null : Run.failureOf(test);
  const why = failure ? failure.title : outcome === "passed" ? "" : Run.reasonOf(test);
  const name = Run.name(test);
  const parts = /^((?:[^[]*::)?)([^[]*)(\[.*)?$/s.exec(name) ?? [name, "", name, ""];
  const past = Run.past(test);
  const took = Run.took[test];
  const [from, until] = Run.attemptsOf(test);
  return element(
    "div",
    {
      class: `row test ${flat ? "flat" : ""}`,
      role: "treeitem",
      id,
      "aria-level": flat ? 1 : 2,
      "aria-posinset": flat ? null : index + 1,
      "aria-setsize": flat ? null : siblings,
    },
    mark(outcome),
    element(
      "span",
      { class: "name", title: Run.nodeid(test) },
      flat && !Run.isFile(test) ? element("span", { class: "path" }, `${Run.file(test)}::`) : null,
      parts[1] ? element("span", { class: "path" }, parts[1]) : null,
      parts[2],
      parts[3] ? element("span", { class: "parameters" }, parts[3]) : null,
      why ? element("span", { class: "why" }, why) : null,
    ),
    element("span", { class: "past" }, past.length ? sparkline(past.slice(-16), 48, 14) : null),
    element("span", { class: "worker" }, until > from ? Run.worker(until - 1) : ""),
    element("span", { class: "measure" }, took > 0 ? bar(took / slowest) : null),
    element("span", { class: "took" }, until > from ? seconds(took) : "–"),
  );
}
