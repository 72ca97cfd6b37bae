// The marks of people: shape and colour say the same, so that either is enough. Each is a polygon, filled in small lots:
// browsers are many times faster at that than at thousands of little pictures, or at one path of thousands of parts.

import { s } from "./dom.js";

/** What a person can be, from the plainest to the one that wins. */
export const STATES = ["still", "moving", "inside", "offline", "message"];
export const NAMES = { still: "staying", moving: "on the way", inside: "inside a place", offline: "no connection", message: "has a message" };

const round = (radius, corners) => Array.from({ length: corners }, (_, i) => [radius * Math.cos((2 * Math.PI * i) / corners), radius * Math.sin((2 * Math.PI * i) / corners)]);
const arm = 1.25;
const reach = 4.9;
const cross = [[arm, arm], [reach, arm], [reach, -arm], [arm, -arm], [arm, -reach], [-arm, -reach], [-arm, -arm], [-reach, -arm], [-reach, arm], [-arm, arm], [-arm, reach], [arm, reach]];
const turned = (points, angle) => points.map(([x, y]) => [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)]);

/** Corners in px around the middle; north is up. */
const SHAPES = {
  still: round(2.1, 8),
  moving: [[0, -6.4], [4.3, 4.8], [0, 2.5], [-4.3, 4.8]],
  inside: [[-4.1, -4.1], [4.1, -4.1], [4.1, 4.1], [-4.1, 4.1]],
  offline: turned(cross, Math.PI / 4),
  message: [[0, -6.6], [6.6, 0], [0, 6.6], [-6.6, 0]],
};
const RIM = 1.3; // px of the rim that keeps marks apart
export const RIMS = 1500; // marks in sight up to which each gets a rim; a crowd is drawn without
const LOT = 16;
const HEADINGS = 48;

/** The points moved outwards by about the rim. */
const grown = (points) => points.map(([x, y]) => [x + (RIM * x) / Math.hypot(x, y), y + (RIM * y) / Math.hypot(x, y)]);
const turns = (points) => Array.from({ length: HEADINGS }, (_, i) => turned(points, (2 * Math.PI * i) / HEADINGS));

const polygon = (c, points, x, y) => {
  c.moveTo(x + points[0], y + points[1]);
  for (let k = 2; k < points.length; k += 2) c.lineTo(x + points[k], y + points[k + 1]);
  c.closePath();
};

/** Marks of a size: 1 is that of a laptop's screen. */
export class Marks {
  constructor(size = 1) {
    const flat = (points) => Float32Array.from(points.flat(), (value) => value * size);
    this.inner = Object.fromEntries(STATES.map((state) => [state, flat(SHAPES[state])]));
    this.outer = Object.fromEntries(STATES.map((state) => [state, flat(grown(SHAPES[state]))]));
    this.innerTurns = turns(SHAPES.moving).map(flat);
    this.outerTurns = turns(grown(SHAPES.moving)).map(flat);
  }

  /** Draw the people `who` (the first `many` of them), all in the same state, at (xs, ys); `headings` in radians. */
  draw(c, state, who, many, xs, ys, headings, colours, rims) {
    const turn = HEADINGS / (2 * Math.PI);
    const lot = (from, to, shape, turning) => {
      c.beginPath();
      for (let k = from; k < to; k++) {
        const i = who[k];
        polygon(c, state === "moving" ? turning[(Math.round(headings[i] * turn) + HEADINGS) % HEADINGS] : shape, xs[i], ys[i]);
      }
      c.fill();
    };
    for (let from = 0; from < many; from += LOT) {
      const to = Math.min(many, from + LOT);
      if (rims && state !== "still") {
        c.fillStyle = colours.rim;
        lot(from, to, this.outer[state], this.outerTurns);
      }
      c.fillStyle = colours[state];
      lot(from, to, this.inner[state], this.innerTurns);
    }
  }
}

/** The mark of a state for the legend. */
export const swatch = (state) => {
  const points = SHAPES[state].map((point) => point.map((value) => value.toFixed(2)).join(",")).join(" ");
  return s("svg", { viewBox: "-8 -8 16 16", class: `swatch s-${state}`, "aria-hidden": "true" }, s("polygon", { points, fill: "currentColor" }));
};
