// What was written for a terminal: ANSI colours, and pytest's own tracebacks.

/** Colours of a terminal are the theme's, so that they can be read in both; others are rounded. */
const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** A text with escape sequences, as elements. Sequences that are no colour are left out. */
function ansi(text) {
  if (!text.includes("\x1b")) return [text];
  const parts = [];
  let style = {};
  let end = 0;
  // colours; other control sequences; titles and links; other escapes of two characters
  for (const found of text.matchAll(
    /\x1b(?:\[([\d;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g,
  )) {
    if (found.index > end) parts.push(styled(text.slice(end, found.index), style));
    end = found.index + found[0].length;
    if (found[1] !== undefined) style = turned(style, found[1].split(/[;:]/).map(Number));
  }
  parts.push(styled(text.slice(end), style));
  return parts;
}

function styled(text, style) {
  const names = Object.entries(style)
    .filter(([, value]) => value)
    .map(([key, value]) => (value === true ? key : `${key}-${value}`));
  return names.length
    ? element("span", { class: names.map((name) => `ansi-${name}`).join(" ") }, text)
    : text;
}

function turned(before, codes) {
  let style = { ...before };
  while (codes.length) {
    const code = codes.shift();
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.inverse = true;
    else if (code === 9) style.struck = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 27) style.inverse = false;
    else if (code >= 30 && code <= 37) style.fg = ANSI[code - 30];
    else if (code === 38) style.fg = rounded(codes);
    else if (code === 39) style.fg = null;
    else if (code >= 40 && code <= 47) style.bg = ANSI[code - 40];
    else if (code === 48) style.bg = rounded(codes);
    else if (code === 49) style.bg = null;
    else if (code >= 90 && code <= 97) style.fg = ANSI[code - 90];
    else if (code >= 100 && code <= 107) style.bg = ANSI[code - 100];
  }
  return style;
}

/** The nearest of the eight colours for what follows `38` or `48`. */
function rounded(codes) {
  const kind = codes.shift();
  if (kind === 5) {
    const number = codes.shift() ?? 7;
    if (number < 16) return ANSI[number % 8];
    if (number >= 232) return number < 244 ? "black" : "white";
    const cube = number - 16;
    return nearest([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
  }
  return nearest(codes.splice(0, 3));
}

function nearest(rgb) {
  const bright = Math.max(...rgb);
  if (bright < 50) return "black";
  return ANSI[rgb.reduce((sum, value, index) => sum + (value > bright * 0.6 ? 1 << index : 0), 0)];
}

/** Captured output. */
const output = (text) => element("pre", { class: "output", tabindex: "0" }, ansi(text.replace(/\n$/, "")));

/** A traceback as pytest writes it: where it failed, what was said, what differed. */
function traceback(text) {
  const lines = text.replace(/\n$/, "").split("\n");
  return element(
    "pre",
    { class: "traceback", tabindex: "0" },
    lines.map((line) => {
      const shown = ansi(line);
      const className = kindOfLine(line);
      return [className ? element("span", { class: className }, shown) : shown, "\n"];
    }),
  );
}

function kindOfLine(line) {
  if (/^E\s/.test(line)) {
    if (/^E\s+\+(?!\+)/.test(line)) return "line-error line-added";
    if (/^E\s+-(?!-)/.test(line)) return "line-error line-removed";
    if (/^E\s+\?/.test(line)) return "line-error line-hint";
    return "line-error";
  }
  if (/^>\s/.test(line)) return "line-here";
  if (/^(_ )+_?\s*$|^_{10,}|^-{10,}|^={10,}/.test(line)) return "line-rule";
  if (/^[^\s:][^:]*:\d+: /.test(line) || /^\s+File ".*", line \d+/.test(line)) return "line-place";
  return "";
}
