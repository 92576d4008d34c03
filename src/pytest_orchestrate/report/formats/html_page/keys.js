// Keys, and the page that lists them with what one can search for.

const Keys = (() => {
  const dialog = document.getElementById("keys");
  const search = document.getElementById("query");

  const listed = [
    ["/", "search"],
    ["j k", "next and previous test"],
    ["↑ ↓ ← →", "in the list: lines, fold and unfold"],
    ["Enter", "open what is chosen"],
    ["Esc", "close, or clear the search"],
    ["1 … 6", "parts of the report"],
    ["+ − 0", "in the timeline: zoom, show all"],
    ["?", "this"],
  ];
  const terms = [
    ["text", "in the node id or the message; “two words” in quotes"],
    ["!text", "not; also before the others"],
    ["s:failed,error", "outcome; s:bad is failed, error or crashed"],
    ["w:gw1", "worker"],
    ["f:api/", "in the path of the file"],
    ["m:slow", "marker"],
    ["r:db  g:name", "resource, group"],
    ["e:Timeout", "exception"],
    ["t:>1s  t:<50ms", "time"],
    ["is:new", "new, still, fixed, added, flaky, retried, regressed, critical, waited, artifacts"],
    ["cause:1", "failures of one cause"],
  ];

  const pairs = (rows) =>
    element(
      "dl",
      { class: "facts" },
      rows.map(([term, meaning]) => [
        element("dt", {}, element("kbd", {}, term)),
        element("dd", {}, meaning),
      ]),
    );

  function help() {
    if (!dialog.firstChild) {
      dialog.append(
        element(
          "button",
          { type: "button", class: "tool close", "aria-label": "Close", onclick: () => dialog.close() },
          symbol("close"),
        ),
        element("h2", { id: "keys-title" }, "Keys"),
        pairs(listed),
        element("h2", {}, "Search"),
        pairs(terms),
        element(
          "p",
          { class: "quiet" },
          "Click on an outcome to see only those; with Ctrl, Shift or ⌘ to add it. What is searched for is in the address, which can be sent to others.",
        ),
      );
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    dialog.showModal();
  }

  function escape(event) {
    if (event.target === search) {
      if (search.value) Address.go({ query: "" }, true);
      search.blur();
      TestList.focus();
    } else if (Address.now.test) Address.go({ test: "" });
    else if (Address.now.view === "tests" && Address.now.query) Address.go({ query: "" });
  }

  function listen() {
    document.getElementById("show-keys").addEventListener("click", help);
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
      if (event.key === "Escape") return escape(event);
      if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
      const onTests = Address.now.view === "tests";
      const action =
        {
          "/": () => search.focus(),
          "?": help,
          j: () => (onTests ? TestList.step(1) : Address.go({ view: "tests" })),
          k: () => (onTests ? TestList.step(-1) : Address.go({ view: "tests" })),
          Enter: onTests && event.target === document.body ? () => TestList.activate() : null,
        }[event.key] ?? (/^[1-6]$/.test(event.key) ? () => Page.openPart(Number(event.key) - 1) : null);
      if (!action) return;
      event.preventDefault();
      action();
    });
  }

  return { listen };
})();
