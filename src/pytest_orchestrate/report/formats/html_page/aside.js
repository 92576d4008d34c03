// What stands beside the failures: what changed, what to do, what to type next, what is slow.

const Aside = (() => {
  const { summary, changes } = Run;

  function sinceLast() {
    if (!changes) return null;
    const linked = (name, positions, text, outcome) =>
      positions.length
        ? element(
            "li",
            {},
            element(
              "a",
              { href: Address.ofQuery(`is:${name}`) },
              mark(outcome, false),
              element("b", {}, count(positions.length)),
              ` ${text}`,
            ),
          )
        : null;
    const entries = [
      linked("new", changes.newly_failing, "newly failing", "failed"),
      linked("still", changes.still_failing, "still failing", "failed"),
      linked("fixed", changes.fixed, "fixed", "passed"),
      linked("added", changes.added, "added", "not run"),
    ];
    const gone = changes.removed.length
      ? element(
          "details",
          {},
          element("summary", {}, `${count(changes.removed.length)} removed`),
          capped(changes.removed, 20, (nodeid) => element("li", {}, element("code", {}, nodeid)), {
            class: "plain",
          }),
        )
      : null;
    const nothing = entries.every((entry) => entry === null) && !gone;
    return part(
      "What changed",
      { class: "since" },
      element(
        "p",
        { class: "quiet" },
        "since run ",
        element("code", {}, changes.run),
        changes.revision ? [" at ", element("code", {}, short(changes.revision))] : null,
        `, ${Run.compared_as}`,
      ),
      element(
        "p",
        {},
        changes.wall === null
          ? `Times are not comparable: ${changes.unlike}.`
          : element("b", {}, slower(changes.wall)),
      ),
      nothing
        ? element("p", {}, "The same tests, with the same outcomes.")
        : element("ul", { class: "changes" }, entries),
      gone,
    );
  }

  function advice() {
    if (!Run.recommendations.length) return null;
    return part(
      "What to do",
      { class: "advice" },
      element(
        "ol",
        { class: "recommendations" },
        Run.recommendations.map((each) =>
          element(
            "li",
            {},
            each.gain && !each.text.includes(seconds(each.gain))
              ? element("b", { class: "gain" }, `−${seconds(each.gain)}`)
              : null,
            element("span", {}, each.text),
            each.setting
              ? element(
                  "div",
                  { class: "setting" },
                  element("code", {}, each.setting),
                  copyButton("Copy the setting", each.setting),
                )
              : null,
          ),
        ),
      ),
    );
  }

  function next() {
    const { rerun_failed, replay, explain } = Run.commands;
    const lines = [
      rerun_failed ? command("Run again what failed", rerun_failed) : null,
      ...Object.entries(replay)
        .slice(0, 4)
        .map(([worker, line]) => command(`Replay ${worker}`, line)),
      explain ? command("Explain", explain) : null,
    ].filter(Boolean);
    return lines.length ? part("Next", { class: "next" }, lines) : null;
  }

  function slowest() {
    const slow = summary.slowest.filter((each) => each.seconds >= 0.005);
    if (slow.length < 2) return null;
    const most = slow[0].seconds;
    return part(
      "Slowest",
      { class: "slowest" },
      element(
        "ol",
        { class: "measured" },
        slow.map((each) => {
          const test = Run.find(each.nodeid);
          const name = each.nodeid.slice(each.nodeid.lastIndexOf("/") + 1);
          return element(
            "li",
            {},
            element("span", { class: "took" }, seconds(each.seconds)),
            bar(each.seconds / most),
            test === undefined
              ? element("code", {}, name)
              : element("a", { href: Address.ofTest(test), title: each.nodeid }, name),
          );
        }),
      ),
      element("a", { class: "more", href: Address.ofQuery("", "slow") }, "all by time"),
    );
  }

  return { sinceLast, advice, next, slowest };
})();
