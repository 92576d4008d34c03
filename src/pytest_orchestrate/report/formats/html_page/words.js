// How durations, counts and times are written; the same words as on the terminal.

/** `4 ms`, `0.42 s`, `7.6 s`, `2 min 05 s`, `1 h 02 min`. */
function seconds(value) {
  if (value < 0) return `−${seconds(-value)}`;
  if (value < 0.0995) return value === 0 ? "0 s" : `${(value * 1000).toFixed(value < 0.00995 ? 1 : 0)} ms`;
  if (value < 0.995) return `${value.toFixed(2)} s`;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(value / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** `0.70 s slower than before`. */
function slower(value) {
  if (Math.abs(value) < 0.005) return "about as fast as before";
  return `${seconds(Math.abs(value))} ${value < 0 ? "faster" : "slower"} than before`;
}

/** `20,000` */
const count = (number) => number.toLocaleString("en");

/** `1 test`, `2 tests`. */
const countOf = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** `97.7 %`; never 100 where something is missing, and `< 1 %` where something is there. */
function percent(share, decimals = 0) {
  const least = 10 ** -decimals;
  let value = share * 100;
  if (share < 1) value = Math.min(value, 100 - least);
  if (share > 0 && value < least) return `< ${least} %`;
  return `${value.toFixed(decimals)} %`;
}

/** `312 B`, `1.4 kB`, `2.0 MB`. */
function bytes(number) {
  if (number < 1000) return `${number} B`;
  return number < 1e6 ? `${(number / 1e3).toFixed(1)} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

/** A moment, in the reader's own zone. */
function moment(epoch, clockOnly = false) {
  const date = new Date(epoch * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (clockOnly) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** The first characters of a revision, as git shows it. */
const short = (revision) => (/^[0-9a-f]{12,}$/.test(revision) ? revision.slice(0, 9) : revision);

/** A word of a shell's command line. */
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** What has no shape, or would turn what is around it, but tab and newline; as in `visible` of Python. */
const SHAPELESS =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff]|\p{Cs}/gu;

/** What terminals take for colours and the like. */
const COLOURS = /\x1b\[[0-?]*[ -/]*[@-~]/g;

/** A text without colours, in which what has no shape is written as Python does. */
const visible = (text) =>
  text.replace(COLOURS, "").replace(/\r\n/g, "\n").replace(SHAPELESS, asPythonWrites);

/** The same of a name, which has neither tabs nor newlines. */
const visibleName = (text) => visible(text).replace(/[\t\n]/g, asPythonWrites);

function asPythonWrites(found) {
  const code = found.charCodeAt(0);
  const short = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
  return short ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
}

const hex = (number, digits) => number.toString(16).padStart(digits, "0");

/** A text that can stand in an address: half of a surrogate pair cannot. */
const wellFormed = (text) => text.replace(/\p{Cs}/gu, "\ufffd");

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `2 workers` or, where one of those that were there got no test, `1 of 2 workers`. */
function workersOf({ workers, started }) {
  const there = Math.max(workers, started ?? 0);
  return `${workers < there ? `${count(workers)} of ` : ""}${countOf(there, "worker")}`;
}

/** Who keeps a resource without a test that needs it. */
function keeper({ scope, worker }) {
  return `${worker} between tests of ${visibleName(scope)}`;
}
