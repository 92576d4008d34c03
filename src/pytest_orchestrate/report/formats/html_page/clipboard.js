// Copying.

/** Copy a text; also where the page is a file, for which some browsers have no clipboard. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    const had = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    had?.focus?.({ preventScroll: true });
    return done;
  }
}

/** A button that copies; `text` may be a function that makes it, or promises to. */
function copyButton(label, text, shown = null) {
  const told = element("span", {}, shown ?? "");
  const button = element(
    "button",
    { type: "button", class: shown ? "copy" : "copy bare", "aria-label": label, title: label },
    symbol("copy"),
    told,
  );
  button.addEventListener("click", async (event) => {
    event.stopPropagation();
    const done = await copy(typeof text === "function" ? await text() : text);
    button.classList.add("done");
    told.textContent = done ? "copied" : "not allowed";
    say(done ? "Copied" : "The browser does not allow copying");
    setTimeout(() => {
      button.classList.remove("done");
      told.textContent = shown ?? "";
    }, 1500);
  });
  return button;
}

/** A command line to copy. */
function command(label, line) {
  return element(
    "div",
    { class: "command" },
    element("span", { class: "label" }, label),
    element("code", { tabindex: "0" }, line),
    copyButton(`Copy: ${label}`, line),
  );
}
