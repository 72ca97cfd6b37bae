// What flies over the page: an event from its phone to the feed, and the message that comes back.

import { byId, calm, h } from "./dom.js";
import { icon } from "./icons.js";

const MOST_FLYERS = 5;
const MOST_BUBBLES = 3;
const BUBBLE = 4200; // ms

export class Flights {
  constructor(map, feed) {
    Object.assign(this, { map, feed });
    this.flying = 0;
    this.bubbles = []; // [{person, node}]
    this.layer = document.body.appendChild(h("div", { class: "flights", "aria-hidden": "true" }));
    map.addEventListener("frame", () => this.frame());
  }

  /** Where somebody is in the window, or null if that can't be seen. */
  where(person) {
    const { crowd, view, host } = this.map;
    const [x, y] = [crowd.x[person], crowd.y[person]];
    const panel = byId("person");
    const hidden = !panel.hidden && x < panel.offsetLeft + panel.offsetWidth;
    if (!view.sees(x, y) || hidden || document.body.classList.contains("wide")) return null;
    const box = host.getBoundingClientRect();
    return [box.left + x, box.top + y];
  }

  /** An event leaves a phone. */
  event(event, tone) {
    this.map.crowd.ring(event.person);
    if (calm() || document.hidden || this.flying >= MOST_FLYERS) return;
    const from = this.where(event.person);
    if (!from) return;
    const to = this.feed.landing;
    const dot = h("div", { class: `flyer f-${tone}` });
    this.layer.append(dot);
    this.flying += 1;
    const middle = [(from[0] + to[0]) / 2, Math.min(from[1], to[1]) - 40];
    const at = ([x, y], scale) => ({ transform: `translate(${x}px, ${y}px) scale(${scale})` });
    const flight = dot.animate([at(from, 0.4), { ...at(middle, 1.2), offset: 0.5 }, { ...at(to, 0.6), opacity: 0.4 }], { duration: 750, easing: "ease-in-out" });
    flight.onfinish = flight.oncancel = () => {
      dot.remove();
      this.flying -= 1;
    };
  }

  /** A message has reached a phone that is not shown large. */
  message(push) {
    if (this.bubbles.length >= MOST_BUBBLES || document.hidden || this.bubbles.some((one) => one.person === push.person)) return;
    const node = h("div", { class: "bubble" }, icon("message"), h("b", {}, push.title || "Message"));
    this.layer.append(node);
    const bubble = { person: push.person, node };
    this.bubbles.push(bubble);
    setTimeout(() => {
      node.remove();
      this.bubbles.splice(this.bubbles.indexOf(bubble), 1);
    }, BUBBLE);
  }

  frame() {
    for (const { person, node } of this.bubbles) {
      const at = this.where(person);
      node.hidden = !at;
      if (at) node.style.transform = `translate(${at[0]}px, ${at[1] - 16}px) translate(-50%, -100%)`;
    }
  }
}
