// All that is known of one test.

const TestPage = (() => {
  const commandOf = (test) => `pytest ${quoted(Run.nodeid(test))}`;

  function show(holder, key, test) {
    if (test === undefined) {
      holder.replaceChildren(
        closing(),
        element("p", { class: "none" }, "There is no test ", element("code", {}, key), " in this run."),
      );
      return;
    }
    if (holder.dataset.test === key && holder.firstChild) return;
    holder.dataset.test = key;
    holder.replaceChildren(...page(test));
    holder.scrollTop = 0;
    say(`${Run.name(test)}: ${Run.outcome(test)}`);
  }

  const closing = () =>
    element(
      "button",
      {
        type: "button",
        class: "tool close",
        "aria-label": "Close (Escape)",
        title: "Close (Esc)",
        onclick: () => Address.go({ test: "" }),
      },
      symbol("close"),
    );

  function page(test) {
    const outcome = Run.outcome(test);
    const [from, until] = Run.attemptsOf(test);
    const line = Run.line(test);
    const file = Run.file(test);
    return [
      element(
        "header",
        { class: "test-head" },
        element(
          "p",
          { class: "test-outcome" },
          mark(outcome, false),
          element("b", { class: `word ${classOf(outcome)}` }, outcome),
          until > from ? element("span", {}, seconds(Run.took[test])) : null,
          expected(test),
          steps(),
        ),
        element("h2", { class: "nodeid" }, Run.name(test)),
        element(
          "p",
          { class: "where" },
          element("code", {}, line ? `${file}:${line}` : file),
          copyButton("Copy the place", line ? `${file}:${line}` : file),
        ),
        element(
          "p",
          { class: "actions" },
          copyButton("Copy the node id", Run.nodeid(test), "node id"),
          copyButton("Copy a command that runs it", commandOf(test), "command"),
          copyButton("Copy what happened, as Markdown", () => asMarkdown(test), "for an issue"),
          until > from
            ? element(
                "a",
                { class: "action", href: Address.to({ view: "timeline", test: Run.key(test) }) },
                "in the timeline",
              )
            : null,
        ),
        chips(test),
      ),
      reason(test),
      relations(test),
      until > from ? Attempts.all(test, from, until) : null,
      waitsOf(test),
      history(test),
      beside(test, from, until),
      properties(test),
    ].filter(Boolean);
  }

  function expected(test) {
    const estimate = Run.estimate(test);
    const fixtures = Run.own(test) < Run.took[test] - 0.0005 ? ` of ${seconds(Run.own(test))} without shared fixtures` : "";
    return estimate === null ? null : element("span", { class: "quiet" }, `expected ${seconds(estimate)}${fixtures}`);
  }

  const steps = () =>
    element(
      "span",
      { class: "steps" },
      element(
        "button",
        {
          type: "button",
          class: "tool",
          "aria-label": "Previous test (k)",
          title: "Previous (k)",
          onclick: () => TestList.step(-1),
        },
        "↑",
      ),
      element(
        "button",
        {
          type: "button",
          class: "tool",
          "aria-label": "Next test (j)",
          title: "Next (j)",
          onclick: () => TestList.step(1),
        },
        "↓",
      ),
      closing(),
    );

  /** What one can ask for that holds for this test. */
  function chips(test) {
    const more = Run.more(test);
    const chip = (key, value, text) =>
      element(
        "a",
        { class: "chip", href: Address.ofQuery(Query.written({ key, value })) },
        element("span", { class: "label" }, text),
        value,
      );
    const [from, until] = Run.attemptsOf(test);
    const workers = new Set();
    for (let attempt = from; attempt < until; attempt++) workers.add(Run.worker(attempt));
    const all = [
      ...[...workers].map((worker) => chip("w", worker, "worker ")),
      ...(more.markers ?? []).map((marker) => chip("m", marker, "@")),
      ...(more.resources ?? []).map((resource) => chip("r", resource, "needs ")),
      more.group ? chip("g", more.group, "group ") : null,
      more.priority
        ? element(
            "span",
            { class: "chip" },
            element("span", { class: "label" }, "priority "),
            String(more.priority),
          )
        : null,
    ].filter(Boolean);
    return all.length ? element("p", { class: "chips" }, all) : null;
  }

  function reason(test) {
    const text = Run.more(test).reason;
    return text ? element("p", { class: "loss" }, text) : null;
  }

  function relations(test) {
    const more = Run.more(test);
    const group = Run.groups[Run.group[test]];
    const others = group?.tests.filter((other) => other !== test) ?? [];
    const blocked = group && more.cause === undefined ? group.blocked.length : 0;
    const alike = [
      others.length === 0
        ? ""
        : more.cause === undefined
          ? membersOf(others, "other test", "other file")
          : membersOf(others),
      blocked > 0 ? `${count(blocked)} blocked by it` : "",
    ].filter(Boolean);
    const listed = [
      more.cause !== undefined
        ? element(
            "div",
            { class: "relation" },
            element("span", { class: "label" }, "Blocked by"),
            testLink(more.cause),
          )
        : null,
      more.requires?.length
        ? element(
            "div",
            { class: "relation" },
            element("span", { class: "label" }, "Requires"),
            capped(more.requires, 6, (each) => element("li", {}, testLink(each)), { class: "plain" }),
          )
        : null,
      alike.length
        ? element(
            "div",
            { class: "relation" },
            element("span", { class: "label" }, "Same cause"),
            element("a", { href: Address.ofQuery(`cause:${Run.group[test] + 1}`) }, alike.join(", ")),
          )
        : null,
    ].filter(Boolean);
    return listed.length ? element("div", { class: "relations" }, listed) : null;
  }

  function history(test) {
    const past = Run.past(test);
    if (!past.length) return null;
    const [from, until] = Run.attemptsOf(test);
    const now = [];
    for (let attempt = from; attempt < until; attempt++) {
      const outcome = Run.attemptOutcome(attempt);
      now.push([
        outcome === "skipped" ? "s" : BAD.has(outcome) ? "f" : "p",
        Run.ended(attempt) - Run.at[attempt],
      ]);
    }
    const bad = past.filter(([outcome]) => outcome === "f").length;
    const skipped = past.filter(([outcome]) => outcome === "s").length;
    const usual = median(past.map(([, took]) => took));
    const flaky = Run.flaky.find((each) => each.test === test);
    const slower = Run.regressions.find((each) => each.test === test);
    return part(
      "History",
      { class: "history" },
      sparkline([...past, ...now].slice(-40), 280, 36),
      element(
        "p",
        { class: "quiet" },
        `${countOf(past.length, "earlier attempt")}, `,
        bad ? element("b", {}, `${count(bad)} bad`) : skipped === past.length ? "all skipped" : "none bad",
        `, median ${seconds(usual)}`,
      ),
      flaky
        ? element(
            "p",
            {},
            mark("flaky", false),
            ` Flaky: ${count(flaky.bad)} of ${count(flaky.attempts)} attempts bad, ${percent(flaky.rate)} (${percent(flaky.rate_low)} to ${percent(flaky.rate_high)}).`,
          )
        : null,
      slower
        ? element("p", {}, `Slower: ${seconds(slower.before)} before, ${seconds(slower.now)} now.`)
        : null,
    );
  }

  /** What ran at the same time on other workers: suspects, where a test is flaky. */
  function beside(test, from, until) {
    if (until === from) return null;
    const last = until - 1;
    const neighbours = [];
    for (let attempt = 0; attempt < Run.testOf.length; attempt++) {
      if (
        Run.testOf[attempt] === test ||
        Run.at[attempt] >= Run.ended(last) ||
        Run.ended(attempt) <= Run.at[last]
      )
        continue;
      neighbours.push([
        attempt,
        Math.min(Run.ended(attempt), Run.ended(last)) - Math.max(Run.at[attempt], Run.at[last]),
      ]);
    }
    if (!neighbours.length) return null;
    neighbours.sort(([, a], [, b]) => b - a);
    return element(
      "details",
      { class: "section beside" },
      element("summary", {}, `Beside it ran ${countOf(neighbours.length, "attempt")}`),
      capped(
        neighbours,
        12,
        ([attempt, shared]) =>
          element(
            "li",
            {},
            element("span", { class: "took" }, seconds(shared)),
            element("span", { class: "worker" }, Run.worker(attempt)),
            testLink(Run.testOf[attempt]),
          ),
        { class: "plain neighbours" },
      ),
    );
  }

  function properties(test) {
    const pairs = Run.more(test).properties ?? [];
    return pairs.length
      ? part(
          "Properties",
          { class: "properties" },
          element(
            "dl",
            { class: "facts" },
            pairs.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
          ),
        )
      : null;
  }

  /** What happened, to paste into an issue. */
  async function asMarkdown(test) {
    const failure = Run.failureOf(test);
    const fenced = (text) => {
      const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
      return `${fence}text\n${text.replace(/\n$/, "")}\n${fence}`;
    };
    const lines = [`**${Run.outcome(test)}** \`${Run.nodeid(test)}\``];
    if (Run.run.revision)
      lines.push(`revision ${Run.run.revision}${Run.run.dirty ? " with local changes" : ""}`);
    if (Run.run.python) lines.push(`Python ${Run.run.python}, ${Run.run.platform}`);
    if (failure && Texts.available) lines.push(fenced(await Texts.get(failure.text)));
    const [from, until] = Run.attemptsOf(test);
    for (const [title, number] of until > from && Texts.available
      ? (Run.moreOfAttempt(until - 1).sections ?? [])
      : []) {
      lines.push(`${title}:`, fenced(await Texts.get(number)));
    }
    lines.push(`\`${commandOf(test)}\``);
    return visible(`${lines.join("\n\n")}\n`);
  }

  return { show };
})();
