// What one can ask for: `s:failed,error w:gw1 f:api m:slow t:>1 is:new text "two words" !negated`.

const Query = (() => {
  /** Sets of tests that have a name. */
  const sets = new Map();
  const set = (name, positions) => sets.set(name, new Set(positions));
  const every = (condition) => Array.from({ length: Run.size }, (_, test) => test).filter(condition);
  const lazily = {
    retried: () => every((test) => Run.attemptsOf(test)[1] - Run.attemptsOf(test)[0] > 1),
    waited: () =>
      every((test) => (Run.more(test).waited ?? []).some(([kind]) => kind !== "turn" && kind !== "queue")),
    artifacts: () =>
      every((test) => {
        const [from, until] = Run.attemptsOf(test);
        for (let attempt = from; attempt < until; attempt++)
          if (Run.moreOfAttempt(attempt).artifacts) return true;
        return false;
      }),
  };
  set("new", Run.changes?.newly_failing ?? []);
  set("still", Run.changes?.still_failing ?? []);
  set("fixed", Run.changes?.fixed ?? []);
  set("added", Run.changes?.added ?? []);
  set(
    "flaky",
    Run.flaky.map((each) => each.test),
  );
  set(
    "regressed",
    Run.regressions.map((each) => each.test),
  );
  set(
    "critical",
    Run.timeline.critical_path.map((each) => each.test),
  );

  function named(name) {
    if (!sets.has(name) && lazily[name]) set(name, lazily[name]());
    return sets.get(name) ?? new Set();
  }

  /** What words are looked for in: of each test the node id and why it did not end well, in lower
      case, one after another; and where each begins. One long text is searched many times faster
      than twenty thousand short ones. */
  let hay = null;
  const starts = new Uint32Array(Run.size + 1);

  function gather() {
    if (hay !== null) return;
    let parts = new Array(Run.size);
    for (let test = 0; test < Run.size; test++)
      parts[test] = `${Run.nodeid(test)}\n${Run.failureOf(test)?.title ?? Run.reasonOf(test)}\0`;
    const text = parts.join("");
    hay = text.toLowerCase();
    // a few letters have more than one in lower case, and what comes after them is moved
    if (hay.length !== text.length) {
      parts = parts.map((part) => part.toLowerCase());
      hay = parts.join("");
    }
    for (let test = 0; test < Run.size; test++) starts[test + 1] = starts[test] + parts[test].length;
  }

  /** test -> whether a text is in what is said of it. */
  function holding(text) {
    gather();
    const has = new Uint8Array(Run.size);
    let test = 0;
    for (let found = hay.indexOf(text); found >= 0; found = hay.indexOf(text, starts[test])) {
      while (starts[test + 1] <= found) test++;
      has[test] = 1;
      if (++test >= Run.size) break;
    }
    return (each) => has[each] === 1;
  }

  const someAttempt = (test, condition) => {
    const [from, until] = Run.attemptsOf(test);
    for (let attempt = from; attempt < until; attempt++) if (condition(attempt)) return true;
    return false;
  };
  const includes = (texts, part) => (texts ?? []).some((text) => text.toLowerCase().includes(part));
  const isOutcome = (outcome, value) =>
    value === "bad" ? BAD.has(outcome) : outcome.replace(" ", "-") === value.replace(" ", "-");

  /** key -> value -> test -> whether it is meant. */
  const keys = {
    s: (value) => {
      const wanted = Run.outcomes.map((outcome) => isOutcome(outcome, value));
      return (test) => wanted[Run.outcomeNumber(test)];
    },
    w: (value) => (test) => someAttempt(test, (attempt) => Run.worker(attempt).toLowerCase() === value),
    f: (value) => {
      const wanted = Run.files.map((file) => file.toLowerCase().includes(value));
      return (test) => wanted[Run.fileNumber(test)];
    },
    m: (value) => (test) => includes(Run.more(test).markers, value),
    r: (value) => (test) => includes(Run.more(test).resources, value),
    g: (value) => (test) => (Run.more(test).group ?? "").toLowerCase().includes(value),
    e: (value) => (test) => (Run.failureOf(test)?.exception ?? "").toLowerCase().includes(value),
    cause: (value) => (test) => Run.group[test] === Number(value) - 1,
    is: (value) => (test) => named(value).has(test),
    t: (value) => {
      const [, sign, number, unit] = /^([<>]?)([\d.]+)(ms|s|min|m)?$/.exec(value) ?? [
        null,
        ">",
        "Infinity",
        "s",
      ];
      const limit = Number(number) * { ms: 0.001, s: 1, min: 60, m: 60 }[unit ?? "s"];
      return sign === "<" ? (test) => Run.took[test] < limit : (test) => Run.took[test] >= limit;
    },
  };
  const longer = {
    status: "s",
    outcome: "s",
    worker: "w",
    file: "f",
    mark: "m",
    marker: "m",
    resource: "r",
    group: "g",
    exception: "e",
    time: "t",
  };

  /** Words as they were typed -> {negated, key, value}; quotes keep spaces together. */
  function parse(text) {
    const terms = [];
    for (const [, negated, key, , double, single, bare] of text.matchAll(
      /(!?)(?:([a-z]+):)?("([^"]*)"?|'([^']*)'?|(\S+))/gi,
    )) {
      const value = double ?? single ?? bare;
      const known = key && (longer[key.toLowerCase()] ?? key.toLowerCase());
      if (known && keys[known]) terms.push({ negated: Boolean(negated), key: known, value });
      // `C:\x`, `a::b`: a colon alone makes no key
      else terms.push({ negated: Boolean(negated), key: "", value: key ? `${key}:${value}` : value });
    }
    return terms;
  }

  function condition({ negated, key, value }) {
    const lower = value.toLowerCase();
    if (!key) {
      const holds = holding(lower);
      return negated ? (test) => !holds(test) : holds;
    }
    const any = lower.split(",").filter(Boolean).map(keys[key]);
    return (test) => any.some((holds) => holds(test)) !== negated;
  }

  const written = ({ negated, key, value }) => {
    const text = /[\s"']/.test(value) || value === "" ? `"${value.replaceAll('"', "")}"` : value;
    return `${negated ? "!" : ""}${key ? `${key}:` : ""}${text}`;
  };

  return {
    parse,
    /** Get ready for the first word, while nobody waits for it. */
    gather,
    /** Positions of the tests that are meant, in order. */
    matching(text) {
      const conditions = parse(text).map(condition);
      const found = [];
      for (let test = 0; test < Run.size; test++)
        if (conditions.every((holds) => holds(test))) found.push(test);
      return found;
    },
    /** The query with one value of a key switched on or off; `alone`: other values of it go. */
    toggled(text, key, value, alone) {
      const terms = parse(text);
      const others = terms.filter((term) => term.key !== key || term.negated);
      const had = terms
        .filter((term) => term.key === key && !term.negated)
        .flatMap((term) => term.value.split(","));
      const kept = had.filter((each) => each !== value);
      const now =
        had.includes(value) && (!alone || had.length === 1) ? kept : alone ? [value] : [...had, value];
      if (now.length) others.unshift({ negated: false, key, value: now.join(",") });
      return others.map(written).join(" ");
    },
    /** Values of a key that are asked for. */
    values: (text, key) =>
      parse(text)
        .filter((term) => term.key === key && !term.negated)
        .flatMap((term) => term.value.split(",")),
    written,
  };
})();
