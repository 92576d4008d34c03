// The run: what the page's data say, by test and by attempt. Positions are those of the report.

const Run = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { tests, attempts, more } = data;
  const tests_ = tests.file.length;
  const scaled = (column) => Float64Array.from(column, (ticks) => ticks * data.tick);
  const at = scaled(attempts.at);
  const setup = scaled(attempts.setup);
  const call = scaled(attempts.call);
  const teardown = scaled(attempts.teardown);

  /** Test -> number of its first attempt, and one more for the end. */
  const first = new Uint32Array(tests_ + 1);
  for (let test = 0; test < tests_; test++) first[test + 1] = first[test] + tests.attempts[test];
  /** Attempt -> its test. */
  const testOf = new Uint32Array(first[tests_]);
  const took = new Float64Array(tests_);
  for (let test = 0; test < tests_; test++) {
    for (let attempt = first[test]; attempt < first[test + 1]; attempt++) {
      testOf[attempt] = test;
      took[test] += setup[attempt] + call[attempt] + teardown[attempt];
    }
  }
  /** Test -> number of the failure group that it is in; -1 without. */
  const group = new Int32Array(tests_).fill(-1);
  data.groups.forEach((each, number) => {
    for (const test of [...each.tests, ...each.blocked]) group[test] = number;
  });

  const nothing = Object.freeze({});
  const failure = (number) => {
    if (number === undefined || number === null) return null;
    const [exception, message, path, line, text] = data.failures[number];
    const where = path === null ? "" : line === null ? path : `${path}:${line}`;
    // what is recorded may have the class in the message, with its module or without
    const [begin] = message.split(":", 1);
    const named = exception && begin.split(".").at(-1) === exception;
    const said = named ? message.slice(begin.length + 1).trim() : message;
    return { exception, message: said, where, text, title: [exception, said].filter(Boolean).join(": ") };
  };
  const ofTest = (test) => more.tests[test] ?? nothing;
  const ofAttempt = (attempt) => more.attempts[attempt] ?? nothing;
  const nodeid = (test) =>
    ofTest(test).elsewhere ? tests.name[test] : data.files[tests.file[test]] + tests.name[test];

  let positions = null;
  /** What a test is called in addresses. */
  const key = (test) =>
    wellFormed(nodeid(test)) + (ofTest(test).occurrence ? `#${ofTest(test).occurrence + 1}` : "");

  return {
    ...data,
    size: tests_,
    nodeid,
    key,
    took,
    group,
    at,
    setup,
    call,
    teardown,
    testOf,
    /** Everything else that is known of a test: reason, cause, waited, requires, resources ... */
    more: ofTest,
    file: (test) => data.files[tests.file[test]],
    fileNumber: (test) => tests.file[test],
    /** Whether it stands for a file that has no tests: it could not be collected, or skipped itself. */
    isFile: (test) => ofTest(test).without_tests === true,
    line: (test) => tests.line[test],
    outcome: (test) => data.outcomes[tests.outcome[test]],
    outcomeNumber: (test) => tests.outcome[test],
    /** What it took without fixtures that other tests use, too: as it is in what is expected. */
    own: (test) => Math.max(0, took[test] - (more.tests[test]?.shared ?? 0) * data.tick),
    /** Expected seconds, or null. */
    estimate: (test) => (tests.estimate[test] < 0 ? null : tests.estimate[test] * data.tick),
    /** The name within its file: `TestOrders::test_total[eur]`. */
    name: (test) => visibleName(tests.name[test].replace(/^::/, "") || nodeid(test)),
    /** Numbers of its attempts: from, until before. */
    attemptsOf: (test) => [first[test], first[test + 1]],
    worker: (attempt) => data.workers[attempts.worker[attempt]],
    workerNumber: (attempt) => attempts.worker[attempt],
    order: (attempt) => attempts.order[attempt],
    attemptOutcome: (attempt) => data.outcomes[attempts.outcome[attempt]],
    ended: (attempt) => at[attempt] + setup[attempt] + call[attempt] + teardown[attempt],
    /** Failure, reason, sections and artifacts of an attempt, where it has any. */
    moreOfAttempt: ofAttempt,
    failure,
    /** Why a test did not end well, as its last attempt says that has something to say. */
    failureOf(test) {
      for (let attempt = first[test + 1] - 1; attempt >= first[test]; attempt--) {
        const number = ofAttempt(attempt).failure;
        if (number !== undefined) return failure(number);
      }
      return null;
    },
    /** Why a test was skipped, was expected to fail, or did not run. */
    reasonOf(test) {
      const last = first[test + 1] - 1;
      return ofTest(test).reason ?? (last >= first[test] ? ofAttempt(last).reason : undefined) ?? "";
    },
    /** Outcomes (`p`, `f`, `s`) and seconds of earlier runs, the oldest first. */
    past(test) {
      const [outcomes, ...ticks] = data.past[test];
      return ticks.map((each, index) => [outcomes[index], each * data.tick]);
    },
    /** The test with this key; undefined if there is none. */
    find(wanted) {
      if (!positions) {
        positions = new Map();
        for (let test = 0; test < tests_; test++) positions.set(key(test), test);
      }
      return positions.get(wanted);
    },
  };
})();
