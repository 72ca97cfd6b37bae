// Where everybody is: straight legs in latitude and longitude, looked up at a moment. Nothing here is streamed per frame.

const WIDTH = 6; // t0, lat0, lon0, t1, lat1, lon1

export class Motion {
  /** `size` people; `homes` are their positions [lat, lon] until a leg says otherwise. */
  constructor(homes) {
    const size = homes.length;
    this.size = size;
    this.legs = new Array(size).fill(null);
    this.cursor = new Int32Array(size);
    this.lat = new Float64Array(size);
    this.lon = new Float64Array(size);
    this.heading = new Float32Array(size); // radians clockwise from north; only of those who move
    this.moving = new Uint8Array(size);
    homes.forEach((home, i) => {
      this.lat[i] = home?.[0] ?? NaN;
      this.lon[i] = home?.[1] ?? NaN;
    });
  }

  /** Legs of one person from a moment on: those known that begin at or after the first new one are replaced. */
  put(person, flat, from = flat[0]) {
    const old = this.legs[person];
    let kept = 0;
    if (old) while (kept < old.length && old[kept] < from) kept += WIDTH;
    const all = new Float64Array(kept + flat.length);
    if (kept) all.set(old.subarray(0, kept));
    all.set(flat, kept);
    // A leg that is cut by a new one ends where and when the new one begins.
    if (kept && all[kept - 3] > from && flat.length) {
      all[kept - 3] = from;
      all[kept - 2] = flat[1];
      all[kept - 1] = flat[2];
    }
    this.legs[person] = all;
    this.cursor[person] = 0;
  }

  /** Forget everything (the run was wound back). */
  clear() {
    this.legs.fill(null);
    this.cursor.fill(0);
  }

  /** The number of the last leg of `legs` that has begun at `at`, or -1. */
  static find(legs, at) {
    let low = 0;
    let high = legs.length / WIDTH - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (legs[middle * WIDTH] <= at) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Move everybody to the moment `at` (virtual milliseconds). */
  seek(at) {
    for (let i = 0; i < this.size; i++) this.place(i, at);
  }

  place(i, at) {
    const legs = this.legs[i];
    this.moving[i] = 0;
    if (!legs || !legs.length) return;
    let k = this.cursor[i] * WIDTH;
    // Mostly still the same leg, or the next one.
    const here = legs[k] <= at && (k + WIDTH >= legs.length || at < legs[k + WIDTH]);
    if (!here) {
      const found = Motion.find(legs, at);
      if (found < 0) {
        this.cursor[i] = 0;
        this.lat[i] = legs[1];
        this.lon[i] = legs[2];
        return;
      }
      this.cursor[i] = found;
      k = found * WIDTH;
    }
    const t0 = legs[k];
    const t1 = legs[k + 3];
    if (at >= t1) {
      this.lat[i] = legs[k + 4];
      this.lon[i] = legs[k + 5];
      return;
    }
    const part = (at - t0) / (t1 - t0);
    const dlat = legs[k + 4] - legs[k + 1];
    const dlon = legs[k + 5] - legs[k + 2];
    this.lat[i] = legs[k + 1] + part * dlat;
    this.lon[i] = legs[k + 2] + part * dlon;
    if (dlat !== 0 || dlon !== 0) {
      this.moving[i] = 1;
      this.heading[i] = Math.atan2(dlon * Math.cos((this.lat[i] * Math.PI) / 180), dlat);
    }
  }

  /** The way of one person as [lat, lon] pairs, between two moments. */
  way(person, from, to) {
    const legs = this.legs[person];
    const points = [];
    for (let k = 0; legs && k < legs.length; k += WIDTH) {
      if (legs[k + 3] < from || legs[k] > to) continue;
      points.push([legs[k + 1], legs[k + 2]], [legs[k + 4], legs[k + 5]]);
    }
    return points;
  }
}
