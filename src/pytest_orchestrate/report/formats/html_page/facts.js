// Under which circumstances the tests ran, and what could not be found out.

const Facts = (() => {
  const { run, summary } = Run;

  /** Names with what they are; nothing without any. */
  function facts(title, pairs) {
    const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
    if (!told.length) return null;
    return part(
      title,
      {},
      element(
        "dl",
        { class: "facts" },
        told.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
      ),
    );
  }

  const mapped = (mapping) => Object.entries(mapping).sort(([a], [b]) => (a < b ? -1 : 1));
  const code = (text) => (text ? element("code", {}, text) : "");
  const changed = { true: "with local changes", false: "as committed" };

  return {
    title: "Run",
    build: () => {
      const line = [...run.program, ...run.args].map(quoted).join(" ");
      return element(
        "div",
        { class: "run-facts" },
        element("h1", {}, "Run"),
        Run.remarks.length
          ? part(
              "Could not be found out",
              {},
              element(
                "ul",
                {},
                Run.remarks.map((remark) => element("li", {}, remark)),
              ),
            )
          : null,
        summary.notes.length
          ? part(
              "Notes",
              {},
              element(
                "ul",
                { class: "notes" },
                summary.notes.map((note) => element("li", {}, note)),
              ),
            )
          : null,
        element(
          "div",
          { class: "fact-columns" },
          facts("Run", [
            ["id", code(run.run)],
            ["began", moment(run.started)],
            ["took", seconds(summary.wall)],
            ["exit status", summary.exitstatus === null ? "did not end" : String(summary.exitstatus)],
            ["command", element("span", {}, code(line), copyButton("Copy the command", line))],
            [
              "mode",
              run.mode === "in-process"
                ? "in-process"
                : `${workersOf(summary)}, ${summary.sharded ? "sharded" : "full"} collection`,
            ],
            ["selected", code(run.selection)],
          ]),
          facts("Revision", [
            ["revision", code(run.revision ?? "")],
            ["branch", run.branch],
            ["files", changed[run.dirty]],
            ["CI", run.ci?.name],
            ["job", code(run.ci?.url ?? "")],
          ]),
          facts("Machine", [
            ["Python", `${run.implementation} ${run.python}`.trim()],
            ["pytest", run.pytest],
            ["platform", run.platform],
            ["host", run.hostname],
            ["processors", run.cpus],
          ]),
          facts(
            "Where the time went",
            summary.limits
              ? [
                  ["until the first test", seconds(summary.limits.before)],
                  ["testing", seconds(summary.limits.testing)],
                  ["after the last test", seconds(summary.limits.after)],
                  ["fixtures set up again", seconds(summary.limits.repeated_setup)],
                ]
              : [],
          ),
          facts(
            "Heavy imports, paid by every worker",
            summary.heavy_imports.map((each) => [each.module, seconds(each.seconds)]),
          ),
          facts(
            "Settings",
            mapped(run.settings).map(([name, value]) => [name, code(value)]),
          ),
          facts(
            "Seeds",
            mapped(run.seeds).map(([name, value]) => [name, code(value)]),
          ),
          facts(
            "Environment",
            mapped(run.environment).map(([name, value]) => [name, code(value)]),
          ),
          facts("Plugins", mapped(run.plugins)),
        ),
      );
    },
  };
})();
