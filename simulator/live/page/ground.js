// What does not move: streets, geofences and their names; a geofence lights up when somebody enters.

import { palette } from "./palette.js";
import { unitLength, unitX, unitY } from "./mercator.js";
import { count } from "./format.js";

const GLOW = 1800; // ms that a geofence stays lit
const MOST_LABELS = 40;
const LABEL_FROM = 3; // px of radius from which on a place is worth a name

const unit = ([lat, lon]) => [unitX(lon), unitY(lat)];

/** A place with its shape in unit coordinates; `circle` {at, radius} or `polygon` [[lat, lon], ...]. */
const shaped = (place) => {
  const [x, y] = unit(place.at);
  if (!place.polygon) return { ...place, x, y, r: unitLength(place.radius, place.at[0]), ring: null };
  const ring = place.polygon.map(unit);
  const r = Math.max(...ring.map(([px, py]) => Math.hypot(px - x, py - y)));
  return { ...place, x, y, r, ring };
};

export class Ground {
  constructor(places, streets) {
    this.places = places.map(shaped);
    this.order = [...this.places].sort((a, b) => b.r - a.r);
    this.streets = streets.map((line) => Float64Array.from(line.flatMap(unit)));
    this.litAt = new Float64Array(places.length).fill(-1e9);
    this.inside = new Uint32Array(places.length);
    this.chosen = -1;
    this.hovered = -1;
    this.stale = true;
    palette.addEventListener("change", () => (this.stale = true));
  }

  light(place, wall = performance.now()) {
    this.litAt[place] = wall;
  }

  /** How many people are in each place, as it is shown. */
  recount(perPerson) {
    const before = this.inside.slice();
    this.inside.fill(0);
    for (const places of perPerson) for (const place of places) this.inside[place] += 1;
    if (before.some((n, i) => n !== this.inside[i])) this.stale = true;
  }

  choose(place) {
    this.chosen = place;
    this.stale = true;
  }

  /** Whether anything is lit at the moment, so that a frame is worth drawing. */
  glowing(wall) {
    return this.litAt.some((at) => wall - at < GLOW);
  }

  /** The smallest place that holds a pixel, or -1. */
  at(view, x, y) {
    let best = -1;
    for (let i = 0; i < this.places.length; i++) {
      const place = this.places[i];
      const reach = Math.max(8, place.r * view.scale);
      const away = Math.hypot(view.px(place.x) - x, view.py(place.y) - y);
      if (away <= reach && (best < 0 || place.r < this.places[best].r)) best = i;
    }
    return best;
  }

  drawStreets(c, view) {
    if (!this.streets.length) return;
    c.strokeStyle = palette.colours.street;
    c.lineWidth = Math.min(3, Math.max(0.6, view.scale / 4e6));
    c.lineJoin = c.lineCap = "round";
    c.beginPath();
    for (const line of this.streets) {
      let seen = false;
      for (let k = 0; k < line.length && !seen; k += 2) seen = view.sees(view.px(line[k]), view.py(line[k + 1]), 60);
      if (!seen) continue;
      c.moveTo(view.px(line[0]), view.py(line[1]));
      for (let k = 2; k < line.length; k += 2) c.lineTo(view.px(line[k]), view.py(line[k + 1]));
    }
    c.stroke();
  }

  outline(c, view, place, grow = 0) {
    c.beginPath();
    if (place.ring) {
      place.ring.forEach(([x, y], i) => (i ? c.lineTo(view.px(x), view.py(y)) : c.moveTo(view.px(x), view.py(y))));
      c.closePath();
    } else {
      c.arc(view.px(place.x), view.py(place.y), Math.max(2.5, place.r * view.scale) + grow, 0, 2 * Math.PI);
    }
  }

  seen(view) {
    return this.order.filter((place) => view.sees(view.px(place.x), view.py(place.y), place.r * view.scale + 120));
  }

  drawFences(c, view) {
    const { colours } = palette;
    const seen = this.seen(view);
    c.setLineDash([4, 3.4]);
    c.lineWidth = 1.3;
    c.strokeStyle = colours.fence;
    c.fillStyle = colours.fenceFill;
    for (const place of seen) {
      this.outline(c, view, place);
      c.fill();
      c.stroke();
    }
    c.setLineDash([]);
    if (this.chosen >= 0) {
      c.strokeStyle = colours.accent;
      c.lineWidth = 2.6;
      this.outline(c, view, this.places[this.chosen], 3);
      c.stroke();
    }
  }

  drawLabels(c, view) {
    const { colours } = palette;
    const seen = this.seen(view);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    c.font = `600 ${0.86 * rem}px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif`;
    c.textAlign = "left";
    c.textBaseline = "alphabetic";
    c.lineJoin = "round";
    const taken = [];
    let shown = 0;
    const ranked = [...seen].sort((a, b) => this.inside[b.index] - this.inside[a.index] || b.r - a.r);
    for (const place of ranked) {
      const radius = place.r * view.scale;
      if (shown >= MOST_LABELS || (radius < LABEL_FROM && this.places.length > 60)) continue;
      const x = view.px(place.x);
      const y = view.py(place.y) - Math.max(2.5, radius) - 6;
      const people = this.inside[place.index] ? count(this.inside[place.index]) : "";
      const [wide, more] = [c.measureText(place.name).width, people ? c.measureText(people).width + 0.5 * rem : 0];
      const left = x - (wide + more) / 2;
      const box = [left - 4, y - 1.05 * rem, left + wide + more + 4, y + 0.3 * rem];
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
      taken.push(box);
      shown += 1;
      c.strokeStyle = colours.land;
      c.lineWidth = 4;
      for (const [said, at, colour] of [[place.name, left, colours.ink], [people, left + wide + 0.5 * rem, colours.inside]]) {
        c.strokeText(said, at, y);
        c.fillStyle = colour;
        c.fillText(said, at, y);
      }
    }
  }

  /** The light of those that were entered a moment ago. */
  drawGlow(c, view, wall, still) {
    const { colours } = palette;
    for (let i = 0; i < this.places.length; i++) {
      const age = (wall - this.litAt[i]) / GLOW;
      if (age < 0 || age >= 1) continue;
      const place = this.places[i];
      c.globalAlpha = 0.42 * (1 - age);
      c.fillStyle = colours.lit;
      this.outline(c, view, place);
      c.fill();
      c.globalAlpha = 1 - age;
      c.strokeStyle = colours.lit;
      c.lineWidth = 2.5;
      this.outline(c, view, place, still ? 0 : 14 * age);
      c.stroke();
    }
    c.globalAlpha = 1;
  }
}
