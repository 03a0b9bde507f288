/** A microsecond's multiples. */
const millisecond = 1000;
const second = 1000 * millisecond;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Prints microseconds with three significant digits and the unit that fits, as the
 * command line does (pkg/trace's FormatDuration): 950µs, 1.23ms, 45.6ms, 7.89s,
 * 12m5s, 1h0m0s.
 */
export function formatDuration(microseconds: number): string {
  if (microseconds < 0) return `-${formatDuration(-microseconds)}`;
  if (microseconds < millisecond) return `${Math.floor(microseconds)}µs`;
  if (microseconds < second) return `${digits(microseconds / millisecond)}ms`;
  if (microseconds < minute) return `${digits(microseconds / second)}s`;
  const seconds = Math.round(microseconds / second);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${seconds % 60}s`;
}

/** Rounds a half to the even digit, as Go does; toFixed rounds it up. Only eighths are
 * an exact half at any of these places. */
function digits(n: number): string {
  const places = n < 10 ? 2 : n < 100 ? 1 : 0;
  const scaled = n * 10 ** places;
  const down = Math.floor(scaled);
  const even = Number.isInteger(n * 8) && scaled - down === 0.5 && down % 2 === 0;
  return (even ? down / 10 ** places : n).toFixed(places);
}

const units: ReadonlyMap<string, number> = new Map([
  ["ns", 0.001],
  ["us", 1],
  ["µs", 1], // U+00B5
  ["μs", 1], // U+03BC
  ["ms", millisecond],
  ["s", second],
  ["m", minute],
  ["h", hour],
]);

/** Reads a duration as Go writes it, such as "1.5ms" or "1m30s", in microseconds.
 * It returns undefined for anything else, and for a negative one. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().replace(/^\+/, "");
  if (trimmed === "0") return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(trimmed)) return undefined;
  let sum = 0;
  for (const [, value = "", unit = ""] of trimmed.matchAll(/([\d.]+)([^\d.]+)/g)) {
    sum += Number(value) * (units.get(unit) ?? Number.NaN);
  }
  return Number.isFinite(sum) ? sum : undefined;
}

/** Prints a time (microseconds since 1970) in the reader's time zone, to the
 * millisecond: 2026-11-23 09:15:04.123. */
export function formatTime(microseconds: number): string {
  const at = new Date(microseconds / 1000);
  if (Number.isNaN(at.getTime())) return "invalid time";
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** Prints a time of the day alone, to the second, as an axis has it. */
export function formatClock(microseconds: number): string {
  return formatTime(microseconds).slice(11, 19);
}

/** Prints a time as ISO 8601 in UTC to the microsecond, for a datetime attribute. */
export function formatISO(microseconds: number): string {
  const at = new Date(Math.floor(microseconds / 1000));
  if (Number.isNaN(at.getTime())) return "";
  const rest = ((Math.floor(microseconds) % 1000) + 1000) % 1000;
  return at.toISOString().replace("Z", `${String(rest).padStart(3, "0")}Z`);
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** Prints how long ago a time was: "now", "42 s ago", "5 min ago", "3 h ago", "2 days
 * ago"; "in 5 s" when clocks differ. Both are microseconds since 1970. */
export function formatAgo(microseconds: number, now: number): string {
  const ago = now - microseconds;
  const words = span(Math.abs(ago));
  if (words === "") return "now";
  return ago < 0 ? `in ${words}` : `${words} ago`;
}

function span(microseconds: number): string {
  if (microseconds < second) return "";
  if (microseconds < minute) return `${Math.floor(microseconds / second)} s`;
  if (microseconds < hour) return `${Math.floor(microseconds / minute)} min`;
  if (microseconds < 48 * hour) return `${Math.floor(microseconds / hour)} h`;
  return `${Math.floor(microseconds / (24 * hour))} days`;
}

/** Prints a time relative to another: "+1.23ms". */
export function formatOffset(microseconds: number): string {
  return microseconds < 0 ? formatDuration(microseconds) : `+${formatDuration(microseconds)}`;
}

/** Prints a whole number with commas: 12,345. */
export function formatCount(n: number): string {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Prints a number with its noun: "1 span", "12,345 spans". */
export function plural(n: number, noun: string, many = `${noun}s`): string {
  return `${formatCount(n)} ${n === 1 ? noun : many}`;
}

/** Prints bytes: "812 B", "1.23 kB", "100 kB", "4.56 MB". */
export function formatBytes(n: number): string {
  if (n < 1000) return `${Math.round(n)} B`;
  let [value, unit] = [n / 1000, 0];
  for (; value >= 999.5 && unit < 3; unit++) value /= 1000;
  return `${digits(value)} ${["kB", "MB", "GB", "TB"][unit]}`;
}

/** Prints a share of 0 to 1: "0%", "<0.1%", "2.5%", "100%". Only all is 100 %,
 * and only none is 0 %. */
export function formatShare(share: number): string {
  if (!(share > 0)) return "0%";
  if (share >= 1) return "100%";
  if (share < 0.001) return "<0.1%";
  if (share > 0.999) return ">99.9%";
  const percent = share * 100;
  return `${Number(percent.toFixed(percent < 10 || percent > 99 ? 1 : 0))}%`;
}

/** Prints how much longer something took: "×1.50", "×0.25", "×12.0". */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `×${digits(ratio)}` : "×∞";
}
