// How anything gets into the page: as elements, and as texts that are never read as markup.

/** An element. `attributes`: those of HTML; a function under `onclick` and the like listens. */
function element(name, attributes = {}, ...children) {
  return furnished(document.createElement(name), attributes, children);
}

/** An element of a drawing. */
function drawn(name, attributes = {}, ...children) {
  return furnished(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/** Attributes that are read by people. */
const TOLD = new Set(["title", "aria-label"]);

function furnished(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (TOLD.has(key)) made.setAttribute(key, visible(value));
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(
    ...children
      .flat(Infinity)
      .filter((child) => child !== null && child !== undefined && child !== "")
      .map((child) => (typeof child === "string" ? visible(child) : child)),
  );
  return made;
}

/** One of the symbols at the head of the page; decoration only, words say what it means. */
function symbol(name, className = "") {
  return drawn(
    "svg",
    { class: `symbol ${className}`, "aria-hidden": "true", focusable: "false" },
    drawn("use", { href: `#${name}` }),
  );
}

/** Text for those who hear the page. */
const unseen = (text) => element("span", { class: "unseen" }, text);

/** A part of a view with a heading. */
function part(title, attributes, ...children) {
  return element(
    "section",
    { ...attributes, class: `part ${attributes?.class ?? ""}`, "aria-label": title },
    element("h2", {}, title),
    ...children,
  );
}

/** A table. `columns`: [heading, class]; `rows`: arrays of cells, the first one heads its row. */
function table(caption, columns, rows) {
  const heads = columns.map(([heading, className]) =>
    element("th", { scope: "col", class: className }, heading),
  );
  const lines = rows.map((cells) =>
    element(
      "tr",
      {},
      cells.map((cell, index) =>
        index === 0
          ? element("th", { scope: "row", class: columns[0][1] }, cell)
          : element("td", { class: columns[index][1] }, cell),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", {}, lines),
    ),
  );
}

/** A list that shows its first entries, and the others when asked to. */
function capped(entries, most, show, attributes = {}) {
  const list = element("ul", attributes, entries.slice(0, most).map(show));
  const hidden = entries.length - most;
  if (hidden <= 0) return list;
  const more = element("button", { type: "button", class: "more" }, `${count(hidden)} more`);
  more.addEventListener("click", () => {
    const following = entries.slice(most, most + 200);
    most += following.length;
    list.append(...following.map(show));
    more.textContent = `${count(entries.length - most)} more`;
    if (most >= entries.length) more.remove();
  });
  return [list, more];
}

/** Tell those who hear the page what has changed. */
function say(text) {
  document.getElementById("said").textContent = text;
}
