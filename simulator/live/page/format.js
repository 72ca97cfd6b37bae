// Numbers and times as people read them.

const number = new Intl.NumberFormat("en-GB");

export const count = (value) => number.format(value);

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

export const words = (name) => String(name).replaceAll("_", " ").replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

/** Milliseconds as `4 min 5 s`, two parts at most. */
export const duration = (ms) => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ");
};

/** Formats for moments of a run: `epoch` is the Unix time (ms) of virtual time 0, `zone` an IANA name. */
export class Calendar {
  constructor(epoch, zone) {
    this.epoch = epoch;
    const of = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    this.formats = {
      time: of({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
      short: of({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
      day: of({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
      sortable: new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }),
    };
  }

  /** A moment on the run's own calendar: `time`, `short`, `day`, or `sortable` (`2026-03-02 11:58:14`). */
  say(format, at) {
    return this.formats[format].format(this.epoch + at);
  }
}
