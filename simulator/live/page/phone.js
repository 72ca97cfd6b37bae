// The phone of the chosen person: what its screen shows, and the switches of who takes it over.

import { calm, h, put, s, text } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { post } from "./api.js";

const APP = { off: "not running", background: "in the background", front: "open" };
const OFFLINE = { offline: "no network", airplane: "airplane mode", doze: "in doze", off: "switched off", dead_zone: "in a dead zone" };
const PERMISSIONS = [["always", "always"], ["while_in_use", "while in use"], ["denied", "never"]];

const SOON = 1000; // virtual ms

const bars = (online) =>
  s("svg", { viewBox: "0 0 20 14", class: "bars", role: "img", "aria-label": online ? "connected" : "not connected" },
    [0, 1, 2, 3].map((i) => s("rect", { x: i * 5, y: 10 - i * 3, width: 3.4, height: 4 + i * 3, rx: 1, fill: "currentColor", opacity: online ? 1 : 0.3 })),
    online ? null : s("path", { d: "M1 1l18 12", stroke: "currentColor", "stroke-width": 1.8 }));

export class Phone {
  constructor(store, calendar, { complain }) {
    Object.assign(this, { store, calendar, complain });
    this.person = -1;
    this.controls = store.setup.controls?.take_over;
    this.app = store.setup.app?.name ?? "The app";
    this.build();
  }

  build() {
    this.time = h("span", { class: "phone-time" });
    this.signal = h("span", {});
    this.appState = h("b", {});
    this.appTile = h("div", { class: "app-tile" }, h("span", { class: "app-sign", "aria-hidden": "true" }, this.app.slice(0, 1)), h("div", {}, h("span", {}, this.app), this.appState));
    this.queue = h("div", { class: "queue" });
    this.toast = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.screen = h("div", { class: "screen" }, h("div", { class: "status-bar" }, this.time, this.signal), this.toast, this.appTile, this.queue);
    this.frame = h("div", { class: "phone" }, h("div", { class: "notch", "aria-hidden": "true" }), this.screen, h("div", { class: "dark" }, "switched off"));
    this.switches = h("div", { class: "switches" });
    this.node = h("div", { class: "phone-row" }, this.frame, this.switches);
    this.network = this.toggle("Network", "N", (on) => ({ network: on }));
    this.power = this.toggle("Power", "P", (on) => ({ power: on }));
    this.permission = h("select", { "aria-label": "Location permission", onchange: () => this.happen({ permission: this.permission.value }) }, PERMISSIONS.map(([value, label]) => h("option", { value }, label)));
    this.appButton = h("button", { type: "button", onclick: () => this.happen({ app: this.store.state(this.person).app === "front" ? "close" : "open" }) });
    this.why = h("p", { class: "small soft why" });
    this.more = h("div", { class: "beside" });
    put(this.switches, this.network.row, this.power.row, h("label", { class: "field" }, h("span", {}, "Location"), this.permission), this.appButton, this.why, this.more);
    for (const one of [this.network.button, this.power.button, this.permission, this.appButton]) one.disabled = !this.controls;
  }

  /** What stands below the switches. */
  beside(node) {
    put(this.more, node);
  }

  toggle(label, key, order) {
    const button = h("button", { type: "button", role: "switch", class: "switch", "aria-checked": "true", "aria-label": label, onclick: () => this.happen(order(button.getAttribute("aria-checked") !== "true")) }, h("i", {}));
    return { button, row: h("label", { class: "field" }, h("span", {}, label), button) };
  }

  async happen(order) {
    const { person } = this;
    try {
      const { state } = await post(`/api/person/${person}/happen`, order);
      if (state) this.store.hear("state", { people: [[person, state]] });
    } catch (error) {
      this.complain(error.message);
    }
    this.show();
  }

  async open(message) {
    const { person } = this;
    try {
      const { state } = await post(`/api/person/${person}/open`, { message });
      const push = this.store.pushes.get(person);
      if (push?.message === message) this.store.hear("push", { ...push, opened: true });
      if (state) this.store.hear("state", { people: [[person, state]] });
    } catch (error) {
      this.complain(error.message);
    }
  }

  choose(person) {
    this.person = person;
    this.shownPush = null;
    this.toast.replaceChildren();
    this.show();
    this.showPush(false);
  }

  tick(at) {
    if (this.person < 0) return;
    text(this.time, this.calendar.say("short", at));
  }

  /** Take the person's state over. */
  show() {
    if (this.person < 0) return;
    const state = this.store.state(this.person);
    this.frame.classList.toggle("off", !state.power);
    const online = state.online && state.power;
    const why = state.why_offline.map((one) => OFFLINE[one] ?? one).join(", ");
    put(this.signal, bars(online));
    this.frame.classList.toggle("offline", !online);
    text(this.appState, APP[state.app] ?? state.app);
    this.appTile.classList.toggle("front", state.app === "front");
    put(this.queue, state.queue ? [h("b", {}, state.queue), state.queue === 1 ? " event waits" : " events wait", online ? "" : " for a connection"] : h("span", { class: "soft" }, online ? "nothing waits" : why || "no connection"));
    this.queue.classList.toggle("waits", state.queue > 0);
    const manual = state.why_offline.includes("offline") || state.why_offline.includes("airplane");
    this.network.button.setAttribute("aria-checked", String(!manual));
    this.power.button.setAttribute("aria-checked", String(state.power));
    const matters = this.store.setup.people.permission?.[this.person] !== false && state.permission !== null;
    this.permission.disabled = !this.controls || !matters;
    this.permission.title = matters ? "" : "This phone notices everything, whatever the app may do";
    if (state.permission) this.known(state.permission);
    text(this.appButton, state.app === "front" ? "Leave the app" : "Open the app");
    this.appButton.disabled = !this.controls || !state.power;
    text(this.why, this.controls ? (online ? "" : why) : "A replay can be watched, not changed.");
  }

  known(permission) {
    if (![...this.permission.options].some((option) => option.value === permission)) this.permission.append(h("option", { value: permission }, permission.replaceAll("_", " ")));
    this.permission.value = permission;
  }

  /** The last push of the person; `fresh` if it comes just now. */
  showPush(fresh) {
    const push = this.store.pushes.get(this.person);
    if (!push || push.refused) return;
    const key = `${push.message} ${push.opened}`;
    if (key === this.shownPush) return;
    this.shownPush = key;
    const toast = h(
      "button",
      { type: "button", class: `toast${push.opened ? " opened" : ""}`, disabled: push.opened || !this.controls, title: push.opened ? "Opened" : "Tap to open", onclick: () => this.open(push.message) },
      h("span", { class: "toast-app" }, icon("message"), this.app, h("time", {}, this.calendar.say("short", push.t))),
      h("b", {}, push.title || "Message"),
      h("span", { class: "toast-body" }, push.body ?? ""),
      h("span", { class: "toast-hint" }, push.opened ? "opened" : this.controls ? "tap to open" : ""),
    );
    put(this.toast, toast);
    if (fresh && !calm()) toast.classList.add("arriving");
  }

  /** What the system is about to notice, in words. */
  noticing(at) {
    return this.store.state(this.person).noticing.map((one) => {
      const what = `${one.entry ? "Entry to" : "Exit from"} ${this.store.placeOf(one.place)}`;
      return one.at - at > SOON ? `${what} will be noticed in about ${duration(one.at - at)}` : `${what} is about to be noticed`;
    });
  }
}
