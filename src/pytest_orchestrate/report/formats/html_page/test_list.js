// The list of tests: only the lines that can be seen are in the page.

const TestList = (() => {
  /** So many tests are shown with their files unfolded. */
  const FEW = 400;

  const rowsHolder = element("div", { class: "rows" });
  const tree = element(
    "div",
    { class: "tree", role: "tree", tabindex: "0", "aria-label": "Tests" },
    rowsHolder,
  );
  const told = element("p", { class: "told" });
  const pillsHolder = element("div", {});
  const order = element(
    "select",
    { "aria-label": "Order", onchange: (event) => Address.go({ sort: event.target.value }, true) },
    [
      ["", "by file"],
      ["slow", "slowest first"],
      ["ran", "as they ran"],
    ].map(([value, text]) => element("option", { value }, text)),
  );
  const fold = element("button", { type: "button", class: "tool wide" }, "Fold all");
  const detail = element("div", { class: "detail", id: "detail" });
  const split = element(
    "div",
    { class: "split" },
    element(
      "div",
      { class: "list" },
      element(
        "div",
        { class: "list-head" },
        element("h1", { class: "unseen" }, "Tests"),
        pillsHolder,
        element("div", { class: "list-tools" }, told, order, fold),
      ),
      tree,
    ),
    detail,
  );

  let found = [];
  let rows = [];
  let query = null;
  let sort = null;
  /** File -> whether it is unfolded, where the reader has said so. */
  let unfolded = new Map();
  let allFolded = null;
  /** Number of the line that keys act on. */
  let current = -1;
  let height = 28;
  let slowest = 1;

  /** Rows that stand for files without tests are no tests. */
  const files = (Run.summary.uncollected ?? 0) + (Run.summary.skipped_files ?? 0);
  const everything =
    countOf(Run.size - files, "test") + (files ? ` and ${countOf(files, "file")} without any` : "");

  const isOpen = (file) => unfolded.get(file) ?? (allFolded === null ? found.length <= FEW : !allFolded);

  function search(place) {
    query = place.query;
    sort = place.sort;
    unfolded = new Map();
    allFolded = null;
    found = Query.matching(query);
    slowest = found.reduce((most, test) => Math.max(most, Run.took[test]), 1e-6);
    pillsHolder.replaceChildren(Summary.pills(query, true));
    order.value = sort;
    fold.hidden = Boolean(sort);
    const took = found.reduce((sum, test) => sum + Run.took[test], 0);
    const tests = found.length === Run.size ? everything : `${count(found.length)} of ${everything}`;
    told.replaceChildren(element("b", {}, tests), `, ${seconds(took)}`);
    say(query ? `${tests} match` : tests);
    current = -1;
    tree.scrollTop = 0;
    layOut();
  }

  function layOut() {
    rows = rowsOf(found, sort, isOpen);
    height = parseFloat(getComputedStyle(tree).getPropertyValue("--row")) || 28;
    rowsHolder.style.height = `${rows.length * height}px`;
    fold.textContent = rows.some((row) => row.open) ? "Fold all" : "Unfold all";
  }

  function paint() {
    const first = Math.max(0, Math.floor(tree.scrollTop / height) - 8);
    const last = Math.min(rows.length, Math.ceil((tree.scrollTop + tree.clientHeight) / height) + 8);
    const shown = [];
    for (let number = first; number < last; number++) {
      const row = rows[number];
      const id = `row-${number}`;
      const line = row.tests ? fileRow(row, id) : testRow(row, id, slowest);
      line.style.transform = `translateY(${number * height}px)`;
      line.dataset.row = number;
      if (number === current) line.classList.add("current");
      if (!row.tests) line.setAttribute("aria-selected", String(Run.key(row.test) === Address.now.test));
      shown.push(line);
    }
    if (!rows.length)
      shown.push(
        element(
          "p",
          { class: "none" },
          "No test matches. ",
          element("a", { href: Address.ofQuery("") }, "Show all"),
        ),
      );
    rowsHolder.replaceChildren(...shown);
    if (current >= first && current < last) tree.setAttribute("aria-activedescendant", `row-${current}`);
    else tree.removeAttribute("aria-activedescendant");
  }

  /** Scroll so that a line is seen; one that is far away comes into the middle. */
  function reveal(number) {
    const top = number * height;
    const below = top + height - tree.scrollTop - tree.clientHeight;
    const above = tree.scrollTop - top;
    if (Math.max(below, above) > 3 * height) tree.scrollTop = top - tree.clientHeight / 2;
    else if (above > 0) tree.scrollTop = top;
    else if (below > 0) tree.scrollTop += below;
  }

  function open(number, isUnfolded = !rows[number].open) {
    unfolded.set(rows[number].file, isUnfolded);
    layOut();
    paint();
  }

  /** Go to a line; where a test is shown already, show this one instead. */
  function moveTo(number) {
    if (!rows.length) return;
    current = Math.max(0, Math.min(rows.length - 1, number));
    reveal(current);
    const row = rows[current];
    if (!row.tests && Address.now.test) Address.go({ test: Run.key(row.test) }, true);
    else paint();
  }

  function activate(number) {
    const row = rows[number];
    if (!row) return;
    current = number;
    if (row.tests) open(number);
    else Address.go({ test: Run.key(row.test) }, Boolean(Address.now.test));
  }

  const page = () => Math.max(1, Math.floor(tree.clientHeight / height) - 1);
  const keys = {
    ArrowDown: () => moveTo(current + 1),
    ArrowUp: () => moveTo(current - 1),
    PageDown: () => moveTo(current + page()),
    PageUp: () => moveTo(current - page()),
    Home: () => moveTo(0),
    End: () => moveTo(rows.length - 1),
    Enter: () => activate(current),
    " ": () => activate(current),
    ArrowRight: () =>
      rows[current]?.tests && !rows[current].open ? open(current, true) : moveTo(current + 1),
    ArrowLeft: () => {
      if (rows[current]?.tests) open(current, false);
      else for (let number = current; number >= 0; number--) if (rows[number].tests) return moveTo(number);
    },
  };

  tree.addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
  tree.addEventListener("focus", () => {
    // whoever came by a click is about to choose a line
    if (current < 0 && rows.length && tree.matches(":focus-visible"))
      moveTo(Math.ceil(tree.scrollTop / height));
  });
  tree.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  tree.addEventListener("click", (event) => {
    const line = event.target.closest("[data-row]");
    if (line) activate(Number(line.dataset.row));
  });
  fold.addEventListener("click", () => {
    allFolded = rows.some((row) => row.open);
    unfolded = new Map();
    layOut();
    paint();
  });
  new ResizeObserver(() => {
    if (!split.isConnected || query === null) return;
    layOut();
    paint();
  }).observe(tree);

  /** The line of a test, unfolding its file if it must. */
  function lineOf(test) {
    const line = () => rows.findIndex((row) => row.test === test && !row.tests);
    if (line() < 0 && !sort) {
      const file = rows.findIndex((row) => row.tests && row.file === Run.fileNumber(test));
      if (file >= 0 && rows[file].tests.includes(test)) open(file, true);
    }
    return line();
  }

  return {
    title: "Tests",
    build: () => split,
    /** Show the tests that are asked for and, beside them, the one that is chosen. */
    show(place, before) {
      if (place.query !== query || place.sort !== sort) search(place);
      const test = place.test ? Run.find(place.test) : undefined;
      split.classList.toggle("with-detail", Boolean(place.test));
      if (place.test) {
        const line = test === undefined ? -1 : lineOf(test);
        if (line >= 0) {
          current = line;
          reveal(line);
        }
        TestPage.show(detail, place.test, test);
      } else detail.replaceChildren();
      paint();
      if (!place.test && before?.test && before.view === "tests") tree.focus({ preventScroll: true });
    },
    focus: () => tree.focus({ preventScroll: true }),
    /** The next or the previous test of those that are listed. */
    step(by) {
      let number = current + by;
      while (rows[number]?.tests && Address.now.test) {
        if (!rows[number].open) open(number, true);
        number += by;
      }
      moveTo(number);
      tree.focus({ preventScroll: true });
    },
    activate: () => activate(current),
  };
})();
