// Why a test began when it did: what it waited for, and for whom.

const waitWords = {
  requirement: () => "what it requires",
  resource: (name) => `resource ${name}`,
  alone: () => "nothing else to run, as it runs alone",
  exclusive: () => "a test that runs alone",
  turn: () => "its turn",
  queue: () => "what its worker had to run before it",
};

/** A part of a test's page: each wait as a bar on the time until the test began; null without any. */
function waitsOf(test) {
  const waited = Run.more(test).waited ?? [];
  if (!waited.length) return null;
  const from = Math.min(...waited.map(([, at]) => at));
  const until = Math.max(...waited.map(([, at, took]) => at + took));
  const whole = Math.max(until - from, 1);
  const told = waited.reduce((sum, [, , took]) => sum + took, 0) * Run.tick;
  if (told < 0.0005) return null;
  return part(
    `Waited ${seconds((until - from) * Run.tick)}`,
    { class: "waits" },
    element(
      "ul",
      { class: "waited" },
      waited.map(([kind, at, took, name, all, tests, kept]) => {
        const named = [...tests].reverse().slice(0, 3);
        const others = all - named.length;
        return element(
          "li",
          { class: `waited-${kind}` },
          element("span", { class: "took" }, seconds(took * Run.tick)),
          drawn(
            "svg",
            { class: "wait-bar", viewBox: "0 0 1000 6", preserveAspectRatio: "none", "aria-hidden": "true" },
            drawn("rect", { class: "ground", width: 1000, height: 6 }),
            drawn("rect", {
              class: "value",
              x: ((at - from) / whole) * 1000,
              width: Math.max((took / whole) * 1000, 4),
              height: 6,
            }),
          ),
          element("span", { class: "for" }, "for ", waitWords[kind](name)),
          named.length || kept.length
            ? element(
                "div",
                { class: "whom" },
                named.map((each) => testLink(each, Run.name(each))),
                kept.map((each) => element("span", {}, keeper(each))),
                others > 0 ? element("span", { class: "quiet" }, `and ${count(others)} before`) : null,
              )
            : null,
        );
      }),
    ),
  );
}
