// What the page knows. Messages of the stream come in, parts of the page hear of what changed.

import { Motion } from "./motion.js";
import { VirtualClock } from "./virtual_clock.js";
import { STATES } from "./marks.js";

const KEPT_EVENTS = 600;
const KEPT_CROSSINGS = 20; // of each person
const [INSIDE, OFFLINE, MESSAGE] = ["inside", "offline", "message"].map((name) => STATES.indexOf(name));

const DEFAULTS = Object.freeze({
  inside: Object.freeze([]), online: true, why_offline: Object.freeze([]), power: true, app: "off", permission: null,
  queue: 0, messages: 0, noticing: Object.freeze([]), taken: false, journey: Object.freeze([]),
});

export class Store extends EventTarget {
  constructor(setup, streets) {
    super();
    this.setup = setup;
    this.streets = streets;
    this.places = setup.places.map((place, index) => ({
      index, id: place.id, name: place.name, category: place.category, at: place.at, radius: place.fence.radius,
      polygon: place.fence.type === "polygon" ? place.fence.points : null, deadZone: Boolean(place.dead_zone),
    }));
    this.size = setup.people.count;
    this.clock = new VirtualClock();
    this.motion = new Motion(setup.people.home);
    this.marks = new Uint8Array(this.size);
    this.names = new Map(setup.people.name.map((name, i) => [name, i]));
    this.forget();
  }

  /** Everything that the stream tells. */
  forget() {
    this.motion.clear();
    this.marks.fill(0);
    this.states = new Map(); // person -> what differs from the default
    this.events = []; // oldest first
    this.numbered = new Map(); // n -> event
    this.totals = {};
    this.discards = {};
    this.counters = null;
    this.pushes = new Map(); // person -> the last push
    this.crossings = new Map(); // person -> the last borders crossed, the oldest first
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, heard) {
    this.addEventListener(name, (event) => heard(event.detail));
  }

  /** A message of the stream. */
  hear(name, message) {
    this[`hear_${name}`]?.(message);
    this.tell(name, message);
  }

  hear_reset() {
    this.forget();
  }

  hear_clock(message) {
    this.clock.hear({ ...message, at: message.t });
  }

  hear_trips({ trips, cut }) {
    for (const [person, legs] of trips) {
      if (cut !== undefined && cut !== null) this.motion.put(person, legs, cut);
      else if (legs.length) this.motion.put(person, legs);
    }
  }

  hear_state({ people }) {
    for (const [person, changes] of people) {
      const state = { ...(this.states.get(person) ?? {}), ...changes };
      this.states.set(person, state);
      this.marks[person] = state.messages ? MESSAGE : state.online === false || state.power === false ? OFFLINE : state.inside?.length ? INSIDE : 0;
    }
  }

  /** The state of a person, complete. */
  state(person) {
    return { ...DEFAULTS, ...(this.states.get(person) ?? {}) };
  }

  hear_events({ events }) {
    for (const event of events) {
      if (this.numbered.has(event.n)) continue;
      this.numbered.set(event.n, event);
      this.events.push(event);
    }
    while (this.events.length > KEPT_EVENTS) this.numbered.delete(this.events.shift().n);
  }

  hear_fates({ fates }) {
    for (const [n, status, why] of fates) {
      const event = this.numbered.get(n);
      if (event) Object.assign(event, { status, why });
    }
  }

  hear_journey({ totals = {}, discards, replace }) {
    if (replace) this.totals = {};
    Object.assign(this.totals, totals);
    if (discards) this.discards = discards;
  }

  hear_crossings({ crossings }) {
    for (const crossing of crossings) {
      const kept = this.crossings.get(crossing.person) ?? [];
      kept.push(crossing);
      if (kept.length > KEPT_CROSSINGS) kept.shift();
      this.crossings.set(crossing.person, kept);
    }
  }

  hear_push(push) {
    const before = this.pushes.get(push.person);
    this.pushes.set(push.person, before?.message === push.message ? { ...before, ...push } : push);
  }

  hear_counters(counters) {
    this.counters = counters;
  }

  nameOf(person) {
    return this.setup.people.name[person] ?? "somebody";
  }

  placeOf(place) {
    return this.places[place]?.name ?? "";
  }

  /** The words for a reason of a loss, a discard or an end. */
  reason(key) {
    return this.setup.losses?.[key] ?? this.setup.reasons?.[key] ?? String(key).replaceAll("_", " ");
  }
}
