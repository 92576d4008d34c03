// Folders and files: how many tests, how they ended, what they took, what they cover.

const Folders = (() => {
  const parent = (path) => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
  const badOf = (area) => [...BAD].reduce((sum, outcome) => sum + (area.outcomes[outcome] ?? 0), 0);
  const orders = {
    path: [(a, b) => (a.path < b.path ? -1 : 1), "path"],
    tests: [(a, b) => b.tests - a.tests, "tests"],
    bad: [(a, b) => badOf(b) - badOf(a), "failed"],
    seconds: [(a, b) => b.seconds - a.seconds, "time"],
    coverage: [(a, b) => (a.coverage ?? 2) - (b.coverage ?? 2), "coverage"],
  };
  let order = "path";
  const folded = new Set();
  const body = element("tbody", {});

  function build() {
    const covered = Run.areas.some((area) => area.coverage !== null);
    // many files are folded up, one level is shown
    if (Run.areas.length > 150)
      for (const area of Run.areas) if (!area.is_file && area.path.includes("/")) folded.add(area.path);
    const head = (key, className) => {
      const button = element("button", { type: "button" }, orders[key][1]);
      const cell = element(
        "th",
        { scope: "col", class: className, "aria-sort": key === order ? "ascending" : "none" },
        button,
      );
      button.addEventListener("click", () => {
        order = key;
        for (const other of cell.parentNode.children) other.setAttribute("aria-sort", "none");
        cell.setAttribute("aria-sort", key === "path" || key === "coverage" ? "ascending" : "descending");
        fill(covered);
      });
      return cell;
    };
    fill(covered);
    return element(
      "div",
      { class: "folders" },
      element("h1", {}, "Folders"),
      Run.areas.length
        ? element(
            "div",
            { class: "scroll" },
            element(
              "table",
              { class: "areas" },
              element(
                "thead",
                {},
                element(
                  "tr",
                  {},
                  head("path", ""),
                  head("tests", "number"),
                  element("th", { scope: "col", class: "spread" }, "outcomes"),
                  head("bad", "number"),
                  head("seconds", "number"),
                  element("th", { scope: "col", class: "spread" }, "share"),
                  covered ? head("coverage", "number") : null,
                ),
              ),
              body,
            ),
          )
        : element("p", { class: "none" }, "Nothing was recorded by folder."),
    );
  }

  function fill(covered) {
    const children = new Map();
    const known = new Set(Run.areas.map((area) => area.path));
    for (const area of Run.areas) {
      const above = known.has(parent(area.path)) ? parent(area.path) : "";
      children.set(above, [...(children.get(above) ?? []), area]);
    }
    const rows = [];
    const add = (path, depth) => {
      for (const area of (children.get(path) ?? []).sort(orders[order][0])) {
        rows.push(row(area, depth, children.has(area.path), covered));
        if (!folded.has(area.path)) add(area.path, depth + 1);
      }
    };
    add("", 0);
    body.replaceChildren(...rows);
  }

  function row(area, depth, hasMore, covered) {
    const above = parent(area.path);
    const name = depth && above ? area.path.slice(above.length + 1) : area.path;
    const open = !folded.has(area.path);
    const bad = badOf(area);
    const told = Object.entries(area.outcomes)
      .map(([outcome, number]) => `${number} ${outcome}`)
      .join(", ");
    const twist = hasMore
      ? element(
          "button",
          {
            type: "button",
            class: `twist ${open ? "open" : ""}`,
            "aria-expanded": String(open),
            "aria-label": area.path,
            onclick: () => {
              if (!folded.delete(area.path)) folded.add(area.path);
              fill(covered);
              body
                .querySelectorAll("button.twist")
                .forEach((button) => button.ariaLabel === area.path && button.focus());
            },
          },
          symbol("open"),
        )
      : element("span", { class: "twist" });
    return element(
      "tr",
      { class: area.is_file ? "a-file" : "a-folder" },
      element(
        "th",
        { scope: "row", class: `depth-${Math.min(depth, 8)}` },
        twist,
        element(
          "a",
          {
            href: Address.ofQuery(
              Query.written({ key: "f", value: area.is_file ? area.path : `${area.path}/` }),
            ),
          },
          area.is_file ? name : `${name}/`,
        ),
      ),
      element("td", { class: "number" }, count(area.tests)),
      element("td", { class: "spread" }, outcomeBar(area.outcomes, told)),
      element(
        "td",
        { class: "number" },
        bad
          ? element(
              "a",
              {
                class: "is-failed",
                href: Address.ofQuery(`s:bad ${Query.written({ key: "f", value: area.path })}`),
              },
              mark("failed", false),
              count(bad),
            )
          : "",
      ),
      element("td", { class: "number" }, seconds(area.seconds)),
      element(
        "td",
        { class: "spread" },
        element("span", { class: "with-bar" }, bar(area.share), area.share ? percent(area.share) : ""),
      ),
      covered
        ? element(
            "td",
            { class: "number" },
            area.coverage === null
              ? ""
              : element("span", { class: "with-bar" }, bar(area.coverage, "covered"), percent(area.coverage)),
          )
        : null,
    );
  }

  /** The folders right below what all tests have in common, those with the most time first. */
  function digest() {
    const above = (area) => parent(area.path);
    let root = "";
    const within = () => Run.areas.filter((area) => above(area) === root);
    while (within().length === 1 && !within()[0].is_file) root = within()[0].path;
    const shown = within().sort(orders.seconds[0]).slice(0, 12);
    if (shown.length < 2) return null;
    const covered = shown.some((area) => area.coverage !== null);
    folded.clear();
    return part(
      root ? `In ${root}/` : "Folders",
      { class: "digest" },
      element(
        "table",
        { class: "areas" },
        element(
          "tbody",
          {},
          shown.map((area) => row(area, 1, false, covered)),
        ),
      ),
      element("a", { class: "more", href: Address.to({ view: "folders" }) }, "all folders"),
    );
  }

  return { title: "Folders", build, digest };
})();
