// Light or dark: as the system has it, until the reader says otherwise.

const Theme = (() => {
  const root = document.documentElement;
  const button = document.getElementById("switch-theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const now = () => root.dataset.theme ?? (system.matches ? "dark" : "light");

  function remembered() {
    try {
      return localStorage.getItem("pytest-orchestrate-theme");
    } catch {
      return null; // a page from a file may not be allowed to remember anything
    }
  }

  function put(theme) {
    if (theme) root.dataset.theme = theme;
    const other = now() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Use ${other} colours`);
    button.title = `Use ${other} colours`;
    Timeline.repaint();
    Strip.repaint();
  }

  button.append(symbol("theme"));
  button.addEventListener("click", () => {
    const theme = now() === "dark" ? "light" : "dark";
    put(theme);
    try {
      localStorage.setItem("pytest-orchestrate-theme", theme);
    } catch {
      // it holds for this page, then
    }
  });
  system.addEventListener("change", () => put());
  return { begin: () => put(["light", "dark"].includes(remembered()) ? remembered() : null) };
})();
