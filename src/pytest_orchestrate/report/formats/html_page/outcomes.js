// How a test or an attempt can end, and what stands for it: a word, a symbol, a colour.

const BAD = new Set(["failed", "error", "crashed"]);

/** What an outcome means, for those who hover over it. */
const MEANING = {
  passed: "did what it should",
  failed: "the test's own code failed",
  error: "set-up or tear-down failed",
  crashed: "its worker died under it",
  skipped: "was not meant to run here",
  xfailed: "failed, as expected",
  xpassed: "passed, though it was expected to fail",
  blocked: "something that it requires did not end well, so it did not run",
  interrupted: "was cut off",
  running: "has begun, and not ended yet",
  "not run": "never had its turn",
  flaky: "failed, then passed, in this run",
};

const classOf = (outcome) => `is-${outcome.replace(" ", "-")}`;

/** The symbol of an outcome, in its colour, and its word for those who hear the page. */
function mark(outcome, spoken = true) {
  const name = classOf(outcome);
  return element(
    "span",
    { class: `mark ${name}`, title: `${outcome}: ${MEANING[outcome] ?? ""}` },
    symbol(name),
    spoken ? unseen(outcome) : null,
  );
}
