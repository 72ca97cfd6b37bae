// Puts the page together: what the server says goes into the store, what people press goes to the server.

import { get, listen, post } from "./api.js";
import { byId, h, put, text } from "./dom.js";
import { Controls } from "./controls.js";
import { Calendar, words } from "./format.js";
import { Feed, family, showEvent } from "./feed.js";
import { Flights } from "./flights.js";
import { icon } from "./icons.js";
import { JourneyView } from "./journey_view.js";
import { listenToKeys, showHelp } from "./help.js";
import { LiveMap } from "./map.js";
import { NAMES, STATES, swatch } from "./marks.js";
import { Panel } from "./panel.js";
import { Pointer } from "./pointer.js";
import { Store } from "./store.js";
import { Truths } from "./truths.js";
import { palette } from "./palette.js";

const SETTLE = 7000; // ms for which the page stays with one person before it follows another
const NOTE = 4500; // ms that a note is shown

palette.start();

let noted = 0;
const note = (said, tone = "info") => {
  const node = byId("note");
  text(node, said);
  node.className = `note ${tone}`;
  node.hidden = false;
  clearTimeout(noted);
  noted = setTimeout(() => (node.hidden = true), NOTE);
};
const complain = (said) => note(said, "warning");

/** Everything that can be done on the page. */
class Desk {
  constructor(store) {
    this.store = store;
    const { start_epoch_ms: epoch, timezone } = store.setup.clock;
    const calendar = new Calendar(epoch, timezone);
    document.body.classList.toggle("no-journeys", !store.setup.journeys.length);
    this.following = true;
    this.settled = -Infinity;
    this.map = new LiveMap(store);
    this.controls = new Controls(store, calendar, complain);
    this.journey = new JourneyView(store, { wide: () => this.wide() });
    this.feed = new Feed(store, calendar, { open: (event) => this.event(event), choose: this });
    this.panel = new Panel(store, calendar, this);
    this.truths = new Truths(store);
    this.flights = new Flights(this.map, this.feed);
    this.pointer = new Pointer(this.map, store, this);
    this.tools();
    this.hearStream();
    listenToKeys(this, (key) => this.pointer.key(key));
    this.map.addEventListener("frame", () => this.frame());
  }

  tools() {
    const button = (name, label, act) => h("button", { class: "quiet", type: "button", "aria-label": label, title: label, onclick: act }, icon(name));
    this.followButton = button("follow", "Follow whatever is interesting (F)", () => this.follow());
    put(byId("tools"), this.followButton, button("fit", "The whole map (0)", () => this.fit()), button("sun", "Light or dark (T)", () => this.theme()), h("button", { class: "quiet", type: "button", "aria-label": "Keys (?)", title: "Keys (?)", onclick: () => this.help() }, "?"));
    put(byId("legend"), STATES.map((state) => h("span", {}, swatch(state), NAMES[state])));
    this.follow(true);
  }

  hearStream() {
    const { store } = this;
    store.on("crossings", ({ crossings }) => crossings.forEach(({ place, entry }) => entry && this.map.ground.light(place)));
    let early = true; // what comes right after a reset is history
    store.on("reset", () => (early = true));
    store.on("clock", () => (early = false));
    store.on("events", ({ events }) => !early && events.filter((event) => family(event.type) !== "app").slice(-8).forEach((event) => this.flights.event(event, family(event.type))));
    store.on("push", (push) => !early && this.pushed(push));
    store.on("journey", ({ rows = [], replace }) => !early && !replace && rows.find((row) => row.kind === "entered" && row.person >= 0 && this.meet(row)));
    store.on("notice", ({ text: said, level }) => note(said, level));
  }

  // --- what is interesting -----------------------------------------------------------------------------------------

  pushed(push) {
    if (push.opened || push.refused) return;
    if (this.following && this.panel.person !== push.person && performance.now() - this.settled > SETTLE) this.choosePerson(push.person);
    if (this.panel.person !== push.person) this.flights.message(push);
    else this.settled = performance.now();
  }

  meet(row) {
    const free = this.following && this.panel.person < 0 && this.panel.place < 0;
    if (free) this.choosePerson(row.person);
    return free;
  }

  follow(on = !this.following) {
    this.following = on;
    this.followButton.setAttribute("aria-pressed", String(on));
  }

  // --- choosing ----------------------------------------------------------------------------------------------------

  choosePerson(person, refit = true) {
    const { motion } = this.store;
    this.map.crowd.chosen = person;
    this.map.ground.choose(-1);
    this.journey.follow(null);
    this.panel.showPerson(person);
    this.feed.choosePerson(person);
    this.settled = performance.now();
    this.map.show(motion.lat[person], motion.lon[person], refit);
  }

  person(person) {
    this.follow(false);
    this.choosePerson(person);
  }

  place(place) {
    if (place < 0) return this.none();
    this.follow(false);
    this.map.crowd.chosen = -1;
    this.feed.choosePerson(-1);
    this.journey.follow(null);
    this.map.ground.choose(place);
    this.panel.showPlace(place);
    return null;
  }

  /** Find by the name of a person (`group/number`) or place; false if there is none. */
  byName(name) {
    const person = this.store.names.get(name);
    if (person !== undefined) {
      this.person(person);
      return true;
    }
    const wanted = name.toLowerCase();
    const found = this.store.places.find((place) => place.name.toLowerCase() === wanted) ?? this.store.places.find((place) => wanted && place.name.toLowerCase().includes(wanted));
    if (!found) {
      complain(`Nobody and nothing is called “${name}”. People are called like ${this.store.nameOf(0)}.`);
      return false;
    }
    this.place(found.index);
    this.map.show(...found.at);
    return true;
  }

  none() {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    if (document.body.classList.contains("wide")) return this.wide();
    this.nobody();
    if (this.map.fitted) this.map.fit();
    return null;
  }

  nobody() {
    this.map.crowd.chosen = -1;
    this.map.ground.choose(-1);
    this.panel.close();
    this.feed.choosePerson(-1);
    this.journey.follow(null);
  }

  path(path) {
    this.journey.follow(path);
  }

  // --- taking over -------------------------------------------------------------------------------------------------

  /** Somebody was lifted off the map. */
  carried(person) {
    this.follow(false);
    if (this.panel.person !== person) this.nobody();
    this.map.fitted = false; // the ground must not move under who is carried
    this.map.crowd.chosen = person;
  }

  async move(person, at, by = "jump") {
    try {
      const { state } = await post(`/api/person/${person}/move`, { at, by });
      if (state) this.store.hear("state", { people: [[person, state]] });
    } catch (error) {
      complain(error.message);
    }
    if (this.panel.person !== person) this.choosePerson(person, false);
  }

  lift() {
    this.pointer.lift();
  }

  network() {
    if (this.panel.person >= 0) this.panel.phone.network.button.click();
  }

  power() {
    if (this.panel.person >= 0) this.panel.phone.power.button.click();
  }

  open() {
    const push = this.store.pushes.get(this.panel.person);
    if (push && !push.opened && !push.refused) this.panel.phone.open(push.message);
  }

  // --- time and view -----------------------------------------------------------------------------------------------

  toggle() {
    return this.controls.toggle();
  }

  jump(key, shift) {
    return this.controls.jump(shift ? this.panel.person : -1);
  }

  speed(key) {
    return this.controls.faster(key === "." ? 1 : -1);
  }

  find() {
    byId("find").focus();
  }

  fit() {
    this.map.fit();
  }

  wide() {
    document.body.classList.toggle("wide");
    this.journey.draw();
  }

  theme() {
    palette.choose(palette.theme === "dark" ? "light" : "dark");
  }

  help() {
    showHelp();
  }

  async event(event) {
    try {
      const whole = event.xdm ? event : { ...event, xdm: (await get(`/api/event/${event.n}`)).xdm };
      showEvent(this.store, whole, (label, done) => note(done ? `${label}: done` : "The browser did not allow copying.", done ? "info" : "warning"));
    } catch (error) {
      complain(error.message);
    }
  }

  frame() {
    this.controls.tick();
    if (this.panel.person >= 0) this.panel.tick(this.store.clock.shown, this.map.crowd.stateOf(this.panel.person));
  }
}

const start = async () => {
  const setup = await get("/api/setup");
  const streets = setup.map.roads ? (await get("/api/roads")).lines.map(pairs) : [];
  const store = new Store(setup, streets);
  const title = words(setup.scenario.name);
  text(byId("name"), title);
  text(byId("about"), setup.mode === "replay" ? "replay" : setup.scenario.description);
  byId("about").title = setup.scenario.description ?? "";
  document.title = `${title} – journeysim live`;
  const desk = new Desk(store);
  let lost = false;
  listen((name, message) => store.hear(name, message), (connected) => {
    document.body.classList.toggle("lost", !connected);
    if (!connected && !lost) complain("The connection to journeysim is lost. Is it still running?");
    if (connected && lost) note("Connected again.");
    lost = !connected;
  });
  // For tests and measurements: looking only.
  Object.defineProperty(window, "journeysim", { value: Object.freeze({ store, desk, get frames() { return desk.map.frames; } }) });
};

const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

start().catch((error) => {
  put(byId("map"), h("p", { class: "broken", role: "alert" }, `The live map could not start: ${error.message}`));
});
