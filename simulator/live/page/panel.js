// What is chosen: a person with phone and story, or a place with who is in it.

import { byId, h, put, text } from "./dom.js";
import { count, duration, plural } from "./format.js";
import { icon } from "./icons.js";
import { get, post } from "./api.js";
import { Phone } from "./phone.js";
import { STATES, swatch } from "./marks.js";

const WAIT = 700; // ms between two readings of a story
const LINES = 40;
const SAME = 1500; // ms by which the times of one crossing may differ
const PASSING = new Set(["step", "message", "call"]); // kinds of moments that name a step on the way
const PLATFORMS = { ios: "iPhone", android: "Android" };

export class Panel {
  constructor(store, calendar, actions) {
    Object.assign(this, { store, calendar, actions });
    this.host = byId("person");
    this.person = -1;
    this.place = -1;
    this.phone = new Phone(store, calendar, actions);
    this.stale = 0; // wall time of the first change since the story was read
    store.on("state", ({ people }) => this.about(people.map(([person]) => person)) && this.phone.show());
    store.on("push", (push) => push.person === this.person && this.phone.showPush(true));
    for (const name of ["events", "crossings", "losses"]) store.on(name, (message) => this.about(message[name].map((one) => one.person), message[name].map((one) => one.place)));
    store.on("fates", () => (this.stale ||= performance.now()));
    store.on("journey", ({ rows = [] }) => this.about(rows.map((row) => row.person)));
    store.on("reset", () => this.person >= 0 && this.phone.choose(this.person));
    setInterval(() => this.stale && performance.now() - this.stale > WAIT / 2 && this.read(), WAIT);
  }

  about(people, places = []) {
    const mine = (this.person >= 0 && people.includes(this.person)) || (this.place >= 0 && places.includes(this.place));
    if (mine) this.stale ||= performance.now();
    return mine;
  }

  close() {
    this.person = this.place = -1;
    this.phone.person = -1;
    this.host.hidden = true;
  }

  head(title, under, before) {
    return h("div", { class: "head" }, before, h("div", {}, h("h2", { tabindex: "-1" }, title), under), h("button", { class: "quiet", type: "button", "aria-label": "Close (Esc)", title: "Close (Esc)", onclick: () => this.actions.none() }, icon("close")));
  }

  showPerson(person) {
    const { people } = this.store.setup;
    Object.assign(this, { person, place: -1, document: null });
    this.who = h("p", { class: "soft small" }, [PLATFORMS[people.platform[person]] ?? people.platform[person], people.persona[person]].filter(Boolean).join(" · "));
    this.state = h("span", { class: "state" });
    this.soon = h("p", { class: "soon", role: "status" });
    this.story = h("ol", { class: "story", tabindex: "0", "aria-label": "Story, newest first" });
    put(this.host, this.head(this.store.nameOf(person), this.who, this.state), this.phone.node, this.soon, h("h3", {}, "Story"), this.story);
    this.host.setAttribute("aria-label", `Person ${this.store.nameOf(person)}`);
    this.host.hidden = false;
    this.phone.beside(this.takeOver());
    this.phone.choose(person);
    this.shownState = null;
    this.read();
  }

  takeOver() {
    if (!this.store.setup.controls?.take_over) return null;
    const { places } = this.store;
    const choose = h("select", { "aria-label": "Place" }, places.slice(0, 400).map((place) => h("option", { value: place.index }, place.name)));
    const go = h("button", { type: "button", title: "Put this person there, or drag the mark on the map", onclick: () => this.actions.move(this.person, places[Number(choose.value)].at) }, "Go there");
    return h("div", { class: "bring" }, h("span", { class: "soft small" }, "Bring this person to"), choose, go);
  }

  showPlace(place) {
    const { name, category, radius, polygon } = this.store.places[place];
    Object.assign(this, { place, person: -1, document: null });
    this.phone.person = -1;
    this.inside = h("p", {});
    this.story = h("ol", { class: "story", tabindex: "0", "aria-label": "Story, newest first" });
    const about = [category, polygon ? "polygon" : `radius ${count(Math.round(radius))} m`].filter(Boolean).join(" · ");
    put(this.host, this.head(name, h("p", { class: "soft small" }, about)), this.inside, h("h3", {}, "Who crossed its border"), this.story);
    this.host.setAttribute("aria-label", `Place ${name}`);
    this.host.hidden = false;
    this.read();
  }

  async read() {
    const { person, place } = this;
    this.stale = 0;
    if (person < 0 && place < 0) return;
    try {
      const document = await get(person >= 0 ? `/api/person/${person}` : `/api/place/${place}`);
      if (person !== this.person || place !== this.place) return;
      this.document = document;
      if (person >= 0) this.tellPerson(document);
      else this.tellPlace(document);
    } catch (error) {
      put(this.story, h("li", { class: "soft" }, error.message));
    }
  }

  tellPerson(document) {
    const { profile = {}, device } = document;
    const name = [profile.first_name, profile.last_name].filter(Boolean).join(" ");
    text(this.who, [name, device ?? PLATFORMS[document.platform], document.persona].filter(Boolean).join(" · "));
    if (document.state) this.store.hear_state({ people: [[this.person, document.state]] });
    this.phone.show();
    const moments = [...(document.story?.story ?? []).flatMap((one) => this.crossing(one, one.place.name)), ...(document.story?.without_crossing ?? []).map((one) => this.moment(one)), ...this.open(document.story?.story ?? [])];
    const { queue } = this.store.state(this.person);
    this.tellStory(moments, queue ? `${plural(queue, "event")} ${queue === 1 ? "waits" : "wait"} on the phone; nothing is settled yet.` : "Nothing has happened to this person yet.");
    this.actions.path(pathOf(document.story, this.store.clock.shown));
  }

  tellPlace(document) {
    const people = document.inside ?? [];
    put(this.inside, people.length ? [`${plural(people.length, "person", "people")} inside: `, people.slice(0, 8).map((person, i) => [i ? ", " : "", this.link(person)]), people.length > 8 ? " …" : ""] : "Nobody is inside.");
    this.tellStory((document.story?.story ?? []).flatMap((one) => this.crossing(one, null)), "Nobody has crossed its border yet.");
  }

  link(person) {
    return h("button", { type: "button", class: "link", onclick: () => this.actions.person(person) }, this.store.nameOf(person));
  }

  tellStory(moments, nothing) {
    // Times are ISO 8601 of one zone; of the same moment, what was told later happened later.
    const order = new Map(moments.map((moment, i) => [moment, i]));
    // A replay knows what is still to come.
    const now = this.calendar.say("sortable", this.store.clock.shown + SAME).replace(" ", "T");
    const shown = moments.filter(({ at }) => at.slice(0, 19) <= now).sort((a, b) => b.at.localeCompare(a.at) || order.get(b) - order.get(a)).slice(0, LINES);
    put(this.story, shown.length ? shown.map(({ at, kind, said, more }) => h("li", { class: `m-${kind}` }, h("time", {}, at.slice(11, 19)), h("i", { "aria-hidden": "true" }), h("div", {}, said, more ? h("span", { class: "soft small" }, more) : null))) : h("li", { class: "soft" }, nothing));
  }

  crossing(one, place) {
    const index = this.store.names.get(one.person.id);
    const who = place ? h("b", {}, one.crossing === "entry" ? `into ${place}` : `out of ${place}`) : [index === undefined ? one.person.id : this.link(index), one.crossing === "entry" ? " came in" : " went out"];
    const lost = !["delivered", "delivered_late", "open"].includes(one.outcome);
    const noticed = one.noticed_after_seconds === null ? null : one.noticed_after_seconds > 0.5 ? `noticed after ${duration(one.noticed_after_seconds * 1000)}` : "noticed at once";
    const waited = one.queued && one.acknowledged && one.outcome !== "open" ? Date.parse(one.acknowledged) - Date.parse(one.queued) : 0;
    const told = [noticed, waited > 2000 ? `accepted ${duration(waited)} later` : null, one.outcome === "open" ? null : one.because].filter(Boolean);
    return [{ at: one.crossed, kind: lost ? "lost" : one.crossing, said: who, more: told.length ? told.join(" · ") : null }, ...(one.journey ?? []).map((moment) => this.moment(moment))];
  }

  /** Borders that were crossed, of which it is not decided yet what becomes of them. */
  open(story) {
    const { epoch } = this.calendar;
    const state = this.store.state(this.person);
    const told = (crossing) => story.some((one) => one.place.name === this.store.placeOf(crossing.place) && Math.abs(Date.parse(one.crossed) - epoch - crossing.t) < SAME);
    const open = (this.store.crossings.get(this.person) ?? []).filter((crossing) => !told(crossing));
    return open.map(({ t, place, entry }) => {
      const soon = state.noticing.some((one) => one.place === place && one.entry === entry);
      const more = soon ? "not noticed yet" : state.queue ? "waits on the phone" : "not settled yet";
      return { at: this.calendar.say("sortable", t).replace(" ", "T"), kind: entry ? "entry" : "exit", said: h("b", {}, `${entry ? "into" : "out of"} ${this.store.placeOf(place)}`), more };
    });
  }

  moment({ at, kind, said }) {
    return { at, kind: kind === "discarded" || kind === "refused" ? "dropped" : ["received", "opened", "message"].includes(kind) ? "message" : "journey", said };
  }

  /** Each frame: what depends on the moment. */
  tick(at, state) {
    if (this.person < 0) return;
    this.phone.tick(at);
    if (state !== this.shownState) {
      this.shownState = state;
      put(this.state, swatch(STATES[state]));
    }
    const soon = this.phone.noticing(at);
    const taken = this.store.state(this.person).taken ? ["Taken over: no plans of their own any more"] : [];
    text(this.soon, [...soon, ...taken].join(" · "));
  }
}

/** The steps of the person's latest way through a journey up to now: {journey, steps}, or null. */
const pathOf = (story, now) => {
  const moments = [...(story?.story ?? []).flatMap((one) => one.journey ?? []), ...(story?.without_crossing ?? [])].filter((moment) => moment.t <= now + SAME).sort((a, b) => a.t - b.t);
  const last = moments.findLastIndex((moment) => moment.kind === "entered");
  if (last < 0) return null;
  const { journey, step } = moments[last];
  const steps = [step];
  for (const moment of moments.slice(last + 1)) if (moment.journey === journey && PASSING.has(moment.kind) && moment.step && steps.at(-1) !== moment.step) steps.push(moment.step);
  return { journey, steps };
};
