// Time: play, pause, speed, the next interesting moment, and whether the run keeps up.

import { byId, h, put, text } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { post } from "./api.js";

const BEHIND = 1500; // ms of the wall from which on it is worth a word

export class Controls {
  constructor(store, calendar, complain) {
    Object.assign(this, { store, calendar, complain });
    this.speeds = [...store.setup.speeds].sort((a, b) => a - b);
    this.playing = h("button", { class: "round", type: "button", onclick: () => this.toggle() });
    this.slower = h("button", { class: "quiet step", type: "button", "aria-label": "Slower (,)", title: "Slower (,)", onclick: () => this.faster(-1) }, "−");
    this.quicker = h("button", { class: "quiet step", type: "button", "aria-label": "Faster (.)", title: "Faster (.)", onclick: () => this.faster(1) }, "+");
    this.speed = h("select", { class: "speed", "aria-label": "Speed", onchange: () => this.send({ speed: Number(this.speed.value) }) }, this.speeds.map((speed) => h("option", { value: speed }, `${speed}×`)));
    this.next = h("button", { class: "next", type: "button", title: "To the next interesting moment (N)", hidden: !store.setup.controls?.jump, onclick: () => this.jump() }, icon("next"), "Next moment");
    put(byId("controls"), this.playing, this.slower, this.speed, this.quicker, this.next);
    this.day = h("span", { class: "day soft" });
    this.time = h("span", { class: "time" });
    this.pace = h("span", { class: "pace", role: "status" });
    put(byId("clock"), h("div", {}, this.time, this.day), this.pace);
    store.on("clock", () => this.show());
    this.shown = null;
    this.show();
  }

  async send(order) {
    try {
      const { clock } = await post("/api/control", order);
      if (clock) this.store.hear("clock", clock);
    } catch (error) {
      this.complain(error.message);
    }
  }

  toggle() {
    return this.send(this.store.clock.paused ? { play: true } : { pause: true });
  }

  /** On to the next interesting moment, of everybody or of one person. */
  jump(person = -1) {
    return this.send(person >= 0 ? { jump: "next", person } : { jump: "next" });
  }

  faster(by) {
    const here = this.speeds.findIndex((speed) => speed >= this.store.clock.speed);
    const wanted = this.speeds[Math.max(0, Math.min(this.speeds.length - 1, (here < 0 ? this.speeds.length : here) + by))];
    return this.send({ speed: wanted });
  }

  /** Each frame: the time. */
  tick() {
    const second = Math.floor(this.store.clock.now() / 1000);
    if (second === this.second) return;
    this.second = second;
    text(this.time, this.calendar.say("time", second * 1000));
    text(this.day, this.calendar.say("day", second * 1000));
  }

  /** At each message: what else there is to say. */
  show() {
    const { clock } = this.store;
    const { paused, speed, ended, behind, jumping } = clock;
    const state = JSON.stringify([paused, speed, ended, jumping, Math.round(behind / (speed || 1) / 500)]);
    if (state === this.shown) return;
    this.shown = state;
    const label = paused ? "Play (space)" : "Pause (space)";
    put(this.playing, icon(paused ? "play" : "pause"));
    this.playing.setAttribute("aria-label", label);
    this.playing.title = label;
    this.playing.disabled = ended;
    this.showSpeed(speed);
    const wall = behind / (speed || 1);
    const [tone, said] = ended
      ? ["", "the scenario is over"]
      : jumping
        ? ["", "on to the next moment …"]
        : paused
          ? ["warn", "paused"]
          : wall > BEHIND
            ? ["bad", `behind ${duration(behind)}`]
            : ["good", speed === 1 ? "real time" : "on time"];
    this.pace.className = `pace ${tone}`;
    text(this.pace, said);
  }

  showSpeed(speed) {
    if (![...this.speed.options].some((option) => Number(option.value) === speed)) this.speed.append(h("option", { value: speed }, `${speed}×`));
    this.speed.value = String(speed);
  }
}
