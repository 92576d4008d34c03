// Where in the report one is, kept in the part of the address after `#`, so that it can be sent to
// somebody: `#/tests/tests/test_a.py::test_b?q=s:failed`.

const Address = (() => {
  const readable = (text) =>
    encodeURIComponent(wellFormed(text)).replace(/%(2F|3A|5B|5D|2C|3E|3C|22|21)/g, (code) =>
      decodeURIComponent(code),
    );
  const listeners = [];
  /** Milliseconds. Safari allows a hundred changes of the address in half a minute. */
  const WRITE_AFTER = 350;
  let now = read();

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function read() {
    const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    const slash = path.indexOf("/");
    const asked = new Map(
      search
        .split("&")
        .filter(Boolean)
        .map((pair) => {
          const [name, value = ""] = pair.split("=", 2);
          return [name, decoded(value.replaceAll("+", " "))];
        }),
    );
    return {
      view: (slash < 0 ? path : path.slice(0, slash)) || "summary",
      test: slash < 0 ? "" : decoded(path.slice(slash + 1)),
      query: asked.get("q") ?? "",
      sort: asked.get("sort") ?? "",
      span: asked.get("span") ?? "",
    };
  }

  /** The address of a place: what is not given is as nothing. */
  function to({ view = "summary", test = "", query = "", sort = "", span = "" }) {
    const path = view === "summary" ? "" : test ? `${view}/${readable(test)}` : view;
    const asked = [
      ["q", query],
      ["sort", sort],
      ["span", span],
    ]
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}=${readable(value).replaceAll("%20", "+")}`);
    return `#/${path}${asked.length ? `?${asked.join("&")}` : ""}`;
  }

  function arrive(place) {
    const before = now;
    now = place;
    for (const listener of listeners) listener(now, before);
  }

  let writing = null;

  /** Put the place into the address, soon: browsers refuse to when that is done too often. */
  function write() {
    writing ??= setTimeout(() => {
      writing = null;
      history.replaceState(null, "", to(now));
    }, WRITE_AFTER);
  }

  function settle() {
    if (writing === null) return;
    clearTimeout(writing);
    writing = null;
    history.replaceState(null, "", to(now));
  }

  // a link leads away from where one is, not from where one was when the address was written
  document.addEventListener("click", settle, true);
  window.addEventListener("hashchange", () => arrive(read()));

  return {
    get now() {
      return now;
    },
    to,
    /** Go there; `quietly`: without a step for the browser's Back. */
    go(changes, quietly = false) {
      const place = { ...now, ...changes };
      if (to(place) === to(now)) return;
      if (quietly) {
        arrive(place);
        write();
      } else {
        settle();
        location.hash = to(place);
      }
    },
    /** Call with the new place and the one before, whenever it changes. */
    listen: (listener) => listeners.push(listener),
    /** The address of a test, keeping what is searched for. */
    ofTest: (test) =>
      to({
        view: "tests",
        test: Run.key(test),
        query: now.view === "tests" ? now.query : "",
        sort: now.sort,
      }),
    /** The address of a list of tests. */
    ofQuery: (query, sort = "") => to({ view: "tests", query, sort }),
  };
})();
