// The page as a whole: which part is shown, what is searched for.

const Page = (() => {
  const parts = {
    summary: Summary,
    tests: TestList,
    timeline: Timeline,
    folders: Folders,
    health: Health,
    run: Facts,
  };
  const main = document.getElementById("main");
  const search = document.getElementById("query");
  const built = new Map();
  const links = Object.entries(parts).map(([view, { title }]) =>
    element("a", { href: Address.to({ view }), "data-view": view }, title),
  );

  function show(place, before) {
    const view = parts[place.view] ? place.view : "summary";
    document.documentElement.dataset.view = view;
    for (const link of links) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (search.value !== place.query && document.activeElement !== search) search.value = place.query;
    else if (search.value.trim() !== place.query) search.value = place.query;
    if (!built.has(view)) built.set(view, parts[view].build());
    if (main.firstChild !== built.get(view)) {
      main.replaceChildren(built.get(view));
      window.scrollTo(0, 0);
      if (before) say(parts[view].title);
    }
    parts[view].show?.(place, before);
    document.title = `${place.test ? `${visibleName(place.test.slice(place.test.lastIndexOf("::") + 2))} - ` : ""}${title}`;
  }

  const title = document.title;

  function begin() {
    document.getElementById("views").append(...links);
    document
      .getElementById("verdict")
      .append(
        mark(
          { passed: "passed", failed: "failed", unfinished: "interrupted", empty: "not run" }[Run.verdict],
          false,
        ),
        element("span", {}, verdictWords()),
      );
    document.head.append(icon());
    document.getElementById("skip").addEventListener("click", () => main.focus());
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      TestList.focus();
    });
    search.addEventListener("input", () =>
      Address.go({ view: "tests", query: search.value.trim(), test: "" }, true),
    );
    document.getElementById("static").hidden = true;
    document.getElementById("page").hidden = false;
    document.documentElement.classList.add("scripted");
    Address.listen(show);
    Keys.listen();
    Theme.begin();
    show(Address.now, null);
    setTimeout(Query.gather, 100);
  }

  /** For the browser's tab: the verdict's symbol in its colour, on any ground. */
  function icon() {
    const [colour, path] = {
      passed: ["#2a9d5c", "M3 8.5 6.5 12 13 4.5"],
      failed: ["#d8392b", "M4 4l8 8M12 4l-8 8"],
    }[Run.verdict] ?? ["#b57b00", "M5.5 3v10M10.5 3v10"];
    const image = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${path}" fill="none" stroke="${colour}" stroke-width="3"/></svg>`;
    return element("link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(image)}` });
  }

  function verdictWords() {
    const bad = [...BAD].reduce((sum, outcome) => sum + (Run.summary.outcomes[outcome] ?? 0), 0);
    if (Run.summary.uncollected && !bad) return `${count(Run.summary.uncollected)} not collected`;
    if (Run.verdict === "empty" && Run.summary.collected) return "all skipped";
    return Run.verdict === "failed" && bad ? `${count(bad)} failed` : Run.verdict;
  }

  return {
    begin,
    openPart: (number) =>
      Address.go({ view: Object.keys(parts)[number], test: "", query: "", sort: "", span: "" }),
  };
})();

Page.begin();
