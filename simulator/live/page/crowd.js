// The people on the map, drawn afresh in each frame, and what is drawn around the one that is chosen.

import { palette } from "./palette.js";
import { Marks, RIMS, STATES } from "./marks.js";
import { unitX, unitY } from "./mercator.js";

const REACH = 13; // px around a mark that count as a hit
const RINGS = 900; // ms that a ring spreads where an event leaves a phone

export class Crowd {
  constructor(motion, marks) {
    this.motion = motion;
    this.marks = marks; // Uint8Array: number of the state in STATES, without `moving`, which follows from motion
    this.chosen = -1;
    this.carried = null; // {person, lat, lon} while somebody is dragged
    this.rings = []; // [{person, at}]
    this.x = new Float32Array(motion.size);
    this.y = new Float32Array(motion.size);
    this.resize(1);
    this.lots = STATES.map(() => new Uint32Array(motion.size));
  }

  /** How large marks are: 1 for a laptop's screen. */
  resize(size) {
    this.scale = size;
    this.shapes = new Marks(size);
  }

  ring(person, wall = performance.now()) {
    if (this.rings.length < 60) this.rings.push({ person, at: wall });
  }

  /** The number in STATES of what a person is to be drawn as. */
  stateOf(person) {
    const mark = this.marks[person];
    return mark === 0 && this.motion.moving[person] ? 1 : mark;
  }

  project(view) {
    const { lat, lon, size } = this.motion;
    for (let i = 0; i < size; i++) {
      this.x[i] = view.px(unitX(lon[i]));
      this.y[i] = view.py(unitY(lat[i]));
    }
    if (this.carried) {
      [this.x[this.carried.person], this.y[this.carried.person]] = view.point(this.carried.lat, this.carried.lon);
    }
  }

  draw(c, view, at, wall, still) {
    this.project(view);
    this.drawWay(c, view, at);
    const many = this.sort(view);
    const rims = many.reduce((a, b) => a + b) <= RIMS;
    // Those of whom there is more to see lie on top.
    STATES.forEach((state, i) => this.shapes.draw(c, state, this.lots[i], many[i], this.x, this.y, this.motion.heading, palette.colours, rims));
    this.drawRings(c, wall, still);
    this.drawChosen(c);
  }

  /** Those in sight by their state: how many of each, with their numbers in `lots`. */
  sort(view) {
    const many = STATES.map(() => 0);
    const [right, bottom] = [view.width + 10, view.height + 10];
    for (let i = 0; i < this.motion.size; i++) {
      if (!(this.x[i] > -10 && this.y[i] > -10 && this.x[i] < right && this.y[i] < bottom)) continue;
      const state = this.stateOf(i);
      this.lots[state][many[state]++] = i;
    }
    return many;
  }

  /** The way of the one who is chosen: what lies behind, and what is planned for the next hours. */
  drawWay(c, view, at) {
    if (this.chosen < 0) return;
    const line = (points, dash) => {
      if (points.length < 2) return;
      c.setLineDash(dash);
      c.beginPath();
      points.forEach(([lat, lon], i) => {
        const [x, y] = view.point(lat, lon);
        if (i) c.lineTo(x, y);
        else c.moveTo(x, y);
      });
      c.stroke();
    };
    const here = [this.motion.lat[this.chosen], this.motion.lon[this.chosen]];
    c.strokeStyle = palette.colours.accent;
    c.lineJoin = "round";
    c.lineWidth = 2.2;
    c.globalAlpha = 0.65;
    const past = this.motion.way(this.chosen, at - 2 * 3600e3, at).slice(0, -1);
    line([...past, here], []);
    if (this.motion.moving[this.chosen]) {
      c.globalAlpha = 0.4;
      line([here, ...this.motion.way(this.chosen, at, at + 600e3).slice(1)], [2, 6]);
    }
    c.setLineDash([]);
    c.globalAlpha = 1;
  }

  drawRings(c, wall, still) {
    this.rings = this.rings.filter((ring) => wall - ring.at < RINGS);
    c.lineWidth = 2;
    c.strokeStyle = palette.colours.accent;
    for (const { person, at } of this.rings) {
      const age = (wall - at) / RINGS;
      c.globalAlpha = 1 - age;
      c.beginPath();
      c.arc(this.x[person], this.y[person], still ? 10 : 6 + 16 * age, 0, 7);
      c.stroke();
    }
    c.globalAlpha = 1;
  }

  drawChosen(c) {
    if (this.chosen < 0) return;
    const { colours } = palette;
    const x = this.x[this.chosen];
    const y = this.y[this.chosen];
    c.beginPath();
    c.arc(x, y, 13 * this.scale, 0, 7);
    c.lineWidth = 5;
    c.strokeStyle = colours.land;
    c.stroke();
    c.lineWidth = 2.6;
    c.strokeStyle = colours.accent;
    c.stroke();
    if (!this.carried) return;
    c.setLineDash([3, 4]);
    c.beginPath();
    c.arc(x, y, 21 * this.scale, 0, 7);
    c.stroke();
    c.setLineDash([]);
  }

  /** The nearest person to a pixel, or -1. */
  at(x, y) {
    let best = -1;
    let least = REACH * this.scale;
    for (let i = 0; i < this.motion.size; i++) {
      const away = Math.hypot(this.x[i] - x, this.y[i] - y) - (i === this.chosen ? 4 : 0) - this.stateOf(i) * 0.2;
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }
}
