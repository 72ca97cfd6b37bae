// The truths side by side: what crossed a border, what of it was noticed, sent and accepted, what journeys made of it.

import { byId, h, put, text } from "./dom.js";
import { count, words } from "./format.js";

const STEPS = [
  ["crossed", "crossed", "borders of places, really"],
  ["noticed", "noticed", "by the phone's system"],
  ["sent", "sent", "events that left the phone"],
  ["accepted", "accepted", "by the platform"],
  ["entered", "entered", "journeys"],
  ["acted", "acted", "messages and calls"],
];

const OF_JOURNEYS = new Set(["entered", "acted"]);

// Between which two truths an outcome loses a crossing; the rest is lost between the phone and the platform.
const UNNOTICED = new Set(["no_permission", "not_monitored", "too_short", "not_noticed", "pending_detection", "app_not_running", "phone_off"]);
const UNSENT = new Set(["stale_poi", "no_metadata", "deduplicated", "consent_no", "queue_lost", "queued_at_end"]);
const part = (all, wanted) => Object.entries(all).filter(([reason, n]) => n > 0 && wanted(reason));

export class Truths {
  constructor(store) {
    this.store = store;
    this.tiles = {};
    this.gaps = {};
    const nodes = [];
    STEPS.forEach(([key, name, about], i) => {
      if (i) {
        this.gaps[key] = h("button", { type: "button", class: `gap${OF_JOURNEYS.has(key) ? " of-journeys" : ""}`, "aria-label": `Lost before ${name}`, popovertarget: `gap-${key}` }, h("b", {}), h("span", {}));
        this.gaps[key].pop = h("div", { id: `gap-${key}`, class: "pop", popover: "auto" });
        nodes.push(this.gaps[key], this.gaps[key].pop);
        this.gaps[key].addEventListener("click", () => this.placePop(this.gaps[key]));
      }
      this.tiles[key] = h("b", {}, "0");
      nodes.push(h("div", { class: `tile t-${key}${OF_JOURNEYS.has(key) ? " of-journeys" : ""}`, title: about }, this.tiles[key], h("span", {}, name)));
    });
    this.pushes = h("div", { class: "tile small-tile of-journeys" });
    put(byId("truths"), nodes, this.pushes);
    store.on("counters", () => this.show());
  }

  placePop(gap) {
    const box = gap.getBoundingClientRect();
    gap.pop.style.left = `${Math.max(8, Math.min(box.left - 60, innerWidth - 380))}px`;
    gap.pop.style.bottom = `${innerHeight - box.top + 8}px`;
  }

  show() {
    const counters = this.store.counters;
    if (!counters) return;
    for (const [key] of STEPS) text(this.tiles[key], count(counters[key] ?? 0));
    const losses = counters.losses ?? {};
    const waiting = counters.waiting ?? {};
    this.gap("noticed", part(losses, (reason) => UNNOTICED.has(reason)), waiting.noticing);
    this.gap("sent", part(losses, (reason) => UNSENT.has(reason)), waiting.queued);
    this.gap("accepted", part(losses, (reason) => !UNNOTICED.has(reason) && !UNSENT.has(reason)));
    this.gap("entered", part(counters.discards ?? {}, () => true), 0, "did nothing");
    this.gap("acted", part(counters.ended ?? {}, (reason) => reason !== "end"));
    put(this.pushes, h("span", {}, h("b", {}, count(counters.received ?? 0)), " received"), h("span", {}, h("b", {}, count(counters.opened ?? 0)), " opened"));
  }

  gap(key, reasons, waiting = 0, what = "lost") {
    const gap = this.gaps[key];
    const [number, about] = gap.children;
    const all = reasons.reduce((sum, [, n]) => sum + n, 0);
    text(number, all ? `−${count(all)}` : "");
    text(about, waiting ? `${count(waiting)} on the way` : "");
    gap.classList.toggle("none", !all && !waiting);
    gap.disabled = !all;
    if (!all) return;
    reasons.sort((a, b) => b[1] - a[1]);
    put(gap.pop, h("h3", {}, `${count(all)} ${what}`), h("table", {}, reasons.map(([reason, n]) => h("tr", {}, h("td", {}, count(n)), h("td", {}, h("b", {}, words(reason)), h("span", { class: "soft small" }, this.store.reason(reason)))))));
  }
}
