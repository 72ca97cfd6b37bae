// The events that leave phones, newest first, with what became of them.

import { byId, calm, h, put, text } from "./dom.js";
import { count, duration } from "./format.js";
import { icon } from "./icons.js";

const ROWS = 60; // that are kept in the page
const WAITED = 10_000; // virtual ms between happening and leaving that are worth a word
const TICK = 200; // ms between two looks at what came in
const MARKS = { accepted: "✓", sent: "…", rejected: "✕", pending: "!" };
const TOLD = { accepted: "accepted", sent: "on its way", rejected: "rejected", pending: "could not be delivered" };

/** What colour an event gets in the feed. */
export const family = (type) =>
  type.startsWith("location.entry") ? "entry" : type.startsWith("location") ? "exit" : type.startsWith("push") || type.startsWith("message") ? "message" : type.startsWith("commerce") ? "commerce" : "app";

export class Feed {
  constructor(store, calendar, { open, choose }) {
    Object.assign(this, { store, calendar, open, choose });
    this.host = byId("feed");
    this.rows = new Map(); // n -> row
    this.fresh = [];
    this.fated = new Set();
    this.types = new Set();
    this.skipped = 0;
    this.mine = false; // only those of the chosen person
    this.chosen = -1;
    this.build();
    store.on("events", ({ events, skipped }) => {
      this.fresh.push(...events);
      this.skipped += skipped ?? 0;
    });
    store.on("fates", ({ fates }) => fates.forEach(([n]) => this.fated.add(n)));
    store.on("reset", () => this.redraw());
    setInterval(() => this.tick(), TICK);
  }

  build() {
    this.type = h("select", { "aria-label": "Filter by type", onchange: () => this.redraw() }, h("option", { value: "" }, "all types"));
    this.find = h("input", {
      type: "search", id: "find", placeholder: "Person or place  /", "aria-label": "Find a person, or filter by person or place", autocomplete: "off", list: "known",
      oninput: () => this.redraw(), onsearch: () => this.redraw(), onkeydown: (event) => this.key(event.key),
    });
    this.only = h("button", { class: "quiet toggle", type: "button", "aria-pressed": "false", title: "Only the chosen person", hidden: true, onclick: () => this.toggleOnly() }, "only this person");
    this.list = h("ol", { class: "events", tabindex: "0", "aria-label": "Events, newest first" });
    this.more = h("p", { class: "soft small more", hidden: true });
    this.known = h("datalist", { id: "known" }, this.store.places.slice(0, 300).map((place) => h("option", { value: place.name })));
    put(this.host, h("div", { class: "head" }, h("h2", {}, "Events"), this.only), h("div", { class: "head filters" }, this.type, this.find, this.known), this.list, this.more);
    this.list.addEventListener("click", (event) => this.press(event));
  }

  /** Enter goes to whom or what was asked for; Escape leaves the list as it was. */
  key(name) {
    const found = name === "Enter" && this.choose.byName(this.find.value.trim());
    if (!found && name !== "Escape") return;
    this.find.value = "";
    this.find.blur();
    this.redraw();
  }

  press(event) {
    const row = event.target.closest("li");
    if (!row) return;
    const found = this.store.numbered.get(Number(row.dataset.n));
    if (!found) return;
    if (event.target.closest(".who")) this.choose.person(found.person);
    else this.open(found);
  }

  toggleOnly(on = !this.mine) {
    this.mine = on;
    this.only.setAttribute("aria-pressed", String(on));
    this.redraw();
  }

  choosePerson(person) {
    this.chosen = person;
    this.only.hidden = person < 0;
    if (person < 0 && this.mine) this.toggleOnly(false);
    else if (this.mine) this.redraw();
    for (const row of this.rows.values()) row.classList.toggle("mine", Number(row.dataset.person) === person);
  }

  wanted(event) {
    if (this.mine && event.person !== this.chosen) return false;
    if (this.type.value && event.type !== this.type.value) return false;
    const asked = this.find.value.trim().toLowerCase();
    return !asked || `${this.store.nameOf(event.person)} ${this.store.placeOf(event.place)}`.toLowerCase().includes(asked);
  }

  redraw() {
    this.rows.clear();
    this.list.replaceChildren();
    this.fresh = [];
    const found = [];
    for (let i = this.store.events.length - 1; i >= 0 && found.length < ROWS; i--) if (this.wanted(this.store.events[i])) found.push(this.store.events[i]);
    found.forEach((event) => this.learn(event.type));
    this.list.append(...found.map((event) => this.row(event)));
  }

  learn(type) {
    if (this.types.has(type)) return;
    this.types.add(type);
    const chosen = this.type.value;
    put(this.type, h("option", { value: "" }, "all types"), [...this.types].sort().map((one) => h("option", { value: one }, one)));
    this.type.value = chosen;
  }

  tick() {
    for (const n of this.fated) this.mark(n);
    this.fated.clear();
    if (!this.fresh.length) return;
    const wanted = this.fresh.filter((event) => this.wanted(event)).slice(-ROWS);
    this.fresh.forEach((event) => this.learn(event.type));
    this.fresh = [];
    const made = wanted.filter((event) => !this.rows.has(event.n)).reverse().map((event) => this.row(event));
    if (!calm() && made.length <= 8) made.forEach((row) => row.classList.add("new"));
    this.list.prepend(...made);
    while (this.list.children.length > ROWS) {
      this.rows.delete(Number(this.list.lastElementChild.dataset.n));
      this.list.lastElementChild.remove();
    }
    this.more.hidden = !this.skipped;
    if (this.skipped) text(this.more, `${count(this.skipped)} more, too fast to list`);
  }

  row(event) {
    const late = this.late(event);
    const row = h(
      "li",
      { "data-n": event.n, "data-type": event.type, "data-status": event.status, "data-person": event.person, class: `f-${family(event.type)}${event.person === this.chosen ? " mine" : ""}` },
      h("time", {}, this.calendar.say("time", event.t)),
      h("button", { class: "what", type: "button", title: "Show the event" }, h("i", { class: "dot", "aria-hidden": "true" }), event.type, event.place === null || event.place === undefined ? null : h("span", { class: "where" }, this.store.placeOf(event.place))),
      h("button", { class: "who", type: "button", title: "Show this person" }, this.store.nameOf(event.person)),
      h("span", { class: "fate" }),
      late ? h("span", { class: "late", title: "Waited in the phone's queue" }, `waited ${duration(late)}`) : null,
    );
    this.rows.set(event.n, row);
    this.mark(event.n, event);
    return row;
  }

  /** How long an event waited on its phone (virtual ms): between when it happened and when it left. */
  late({ late, xdm, t }) {
    const waited = late ?? (xdm ? this.calendar.epoch + t - Date.parse(xdm.timestamp) : 0);
    return waited > WAITED ? waited : 0;
  }

  mark(n, event = this.store.numbered.get(n)) {
    const row = this.rows.get(n);
    if (!row || !event) return;
    row.dataset.status = event.status;
    const fate = row.querySelector(".fate");
    text(fate, MARKS[event.status] ?? "");
    const told = event.why ? `${TOLD[event.status]}: ${event.why}` : TOLD[event.status];
    fate.title = told ?? "";
    fate.setAttribute("aria-label", told ?? "");
  }

  /** Where flying events land. */
  get landing() {
    const box = this.list.getBoundingClientRect();
    return [box.left + 40, box.top + 12];
  }
}

/** JSON as a coloured tree of text; no string in it is ever parsed. */
const coloured = (value, indent = "") => {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.length) return ["[]"];
    return ["[\n", ...value.flatMap((one, i) => [deeper, ...coloured(one, deeper), i < value.length - 1 ? ",\n" : "\n"]), indent, "]"];
  }
  if (value && typeof value === "object") {
    const keys = Object.keys(value);
    if (!keys.length) return ["{}"];
    return ["{\n", ...keys.flatMap((key, i) => [deeper, h("span", { class: "j-key" }, JSON.stringify(key)), ": ", ...coloured(value[key], deeper), i < keys.length - 1 ? ",\n" : "\n"]), indent, "}"];
  }
  return [h("span", { class: typeof value === "string" ? "j-text" : "j-value" }, JSON.stringify(value))];
};

/** In a POSIX shell, a text as one word. */
const quoted = (said) => `'${said.replaceAll("'", `'\\''`)}'`;

/** The command that sends an event to the inlet once more. */
export const curl = ({ url, headers, prefix, suffix }, xdm) => {
  const given = Object.entries(headers).map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`).join("");
  return `curl -sS ${quoted(url)}${given} \\\n  --data-binary ${quoted(`${prefix}${JSON.stringify(xdm)}${suffix}`)}\n`;
};

/** The dialog with the XDM of one event. */
export const showEvent = (store, event, copied) => {
  const dialog = byId("document");
  const { inlet } = store.setup;
  const copy = (label, make) =>
    h("button", { type: "button", onclick: async () => copied(label, await navigator.clipboard.writeText(make()).then(() => true, () => false)) }, icon("copy"), label);
  put(
    dialog,
    h("div", { class: "head" }, h("h2", {}, event.type), h("span", { class: "soft" }, `${store.nameOf(event.person)}${event.place === null || event.place === undefined ? "" : ` · ${store.placeOf(event.place)}`} · ${TOLD[event.status]}`),
      h("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    event.why ? h("p", { class: "cause" }, event.why) : null,
    h("pre", { tabindex: "0" }, event.xdm ? coloured(event.xdm) : "The document is no longer kept."),
    h("div", { class: "buttons" }, event.xdm ? copy("Copy JSON", () => JSON.stringify(event.xdm, null, 2)) : null, event.xdm && inlet ? copy("Copy as curl", () => curl(inlet, event.xdm)) : null),
  );
  if (!dialog.open) dialog.showModal();
};
