// Failures by cause: each with its exception, where it was raised, and whose it is, at a glance.

const groupKinds = {
  place: "same exception at the same place",
  message: "messages of the same shape",
  crash: "workers that died alike",
  blocked: "blocked; nothing failed in these",
};

function failureGroups() {
  if (!Run.groups.length) return quietRun();
  const failed = Run.groups.flatMap((group) => group.tests);
  return part(
    `Why: ${countOf(Run.groups.length, "cause")} for ${membersOf(failed)}`,
    { class: "groups" },
    capped(
      Run.groups.map((group, number) => [group, number]),
      40,
      ([group, number]) => failureGroup(group, number),
      { class: "group-list" },
    ),
  );
}

/** What there is to say where nothing failed. */
function quietRun() {
  return part(
    "Failures",
    { class: "groups" },
    element("p", { class: "all-good" }, mark("passed", false), " None."),
  );
}

function failureGroup(group, number) {
  const failure = Run.failure(group.failure);
  const [root] = group.tests;
  const all = group.tests.length + group.blocked.length;
  return element(
    "li",
    { class: "group" },
    element(
      "div",
      { class: "counted", title: groupKinds[group.kind] },
      mark(
        group.kind === "blocked"
          ? "blocked"
          : group.kind === "crash"
            ? "crashed"
            : root === undefined
              ? "failed"
              : Run.outcome(root),
        false,
      ),
      element("b", {}, count(group.tests.length)),
      unseen(membersOf(group.tests)),
    ),
    element(
      "div",
      { class: "cause" },
      element("h3", {}, causeTitle(group, failure), standing(group)),
      element(
        "p",
        { class: "where" },
        failure?.where
          ? [
              group.kind !== "place" && group.tests.length > 1
                ? element("span", { class: "label" }, "first in ")
                : null,
              element("code", {}, failure.where),
              copyButton("Copy the place", failure.where),
            ]
          : null,
        group.blocked.length
          ? element(
              "a",
              { class: "blocked-by-it", href: Address.ofQuery(`cause:${number + 1} s:blocked`) },
              mark("blocked", false),
              `${count(group.blocked.length)} blocked by it`,
            )
          : null,
      ),
      element(
        "ul",
        { class: "members" },
        group.tests.slice(0, 3).map((test) => element("li", {}, testLink(test))),
      ),
      element(
        "div",
        { class: "further" },
        all > 3 ? element("a", { href: Address.ofQuery(`cause:${number + 1}`) }, `all ${count(all)}`) : null,
        failure
          ? element(
              "details",
              { ontoggle: (event) => unfold(event.target, failure) },
              element("summary", {}, "traceback"),
            )
          : null,
      ),
    ),
  );
}

/** `2 tests`, `1 file`, `3 tests and 1 file`: a file that has no tests is none itself. */
function membersOf(rows, test = "test", file = "file") {
  const files = rows.filter(Run.isFile).length;
  const tests = rows.length - files;
  return [tests || !files ? countOf(tests, test) : "", files ? countOf(files, file) : ""]
    .filter(Boolean)
    .join(" and ");
}

function causeTitle(group, failure) {
  const { exception, where } = failure ?? {};
  // the place stands below
  const title =
    where && group.title.endsWith(` in ${where}`) ? group.title.slice(0, -where.length - 4) : group.title;
  if (!exception || !title.startsWith(exception)) return title;
  return [element("b", {}, exception), title.slice(exception.length)];
}

/** Since when it fails. */
function standing(group) {
  if (group.status === "new") return element("span", { class: "tag new" }, "new");
  if (group.status !== "still") return null;
  const since = group.since_revision ? short(group.since_revision) : group.since;
  const from = group.since_at_least ? "at least since " : "since ";
  const where = group.since_branch ? ` on ${group.since_branch}` : "";
  return element(
    "span",
    { class: "tag", title: `${from}run ${group.since}${where}` },
    from,
    element("code", {}, since),
    where,
  );
}

async function unfold(details, failure) {
  if (!details.open || details.querySelector("pre")) return;
  details.append(await unpackedText(failure.text, traceback));
}

/** A long text once it is unpacked, shown by `show`; or why it cannot be. */
async function unpackedText(number, show) {
  if (!Texts.available) {
    return element(
      "p",
      { class: "quiet" },
      "This browser is too old to unpack what was written (it has no DecompressionStream).",
    );
  }
  return show(await Texts.get(number));
}

/** A test with its outcome, to go to. */
function testLink(test, label = null) {
  return element(
    "a",
    { class: "test-link", href: Address.ofTest(test), title: Run.nodeid(test) },
    mark(Run.outcome(test)),
    label ??
      element(
        "span",
        { class: "nodeid" },
        Run.isFile(test) ? null : element("span", { class: "path" }, Run.file(test), "::"),
        Run.name(test),
      ),
  );
}
