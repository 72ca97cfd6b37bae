// Virtual time between two messages of the server: it runs on at the rate that was seen, and never ahead of what the
// server allows.

const KEEP_ON = 750; // ms of wall time that the clock runs on without news, which come four times a second

export class VirtualClock {
  constructor(wall = () => performance.now()) {
    this.wall = wall;
    this.at = 0; // virtual ms, as last heard
    this.heard = wall();
    this.speed = 1;
    this.rate = 0; // virtual ms per wall ms
    this.paused = true;
    this.behind = 0;
    this.ended = false;
    this.jumping = false;
    this.shown = 0;
    this.generation = 0; // grows when time is wound back
  }

  /** News of the server: `at` and `behind` (virtual ms), `speed`, `paused`, `ended`, `jumping`. */
  hear({ at, speed, paused, behind = 0, ended = false, jumping = false }) {
    const wall = this.wall();
    const passed = wall - this.heard;
    const moved = at - this.at;
    const steady = !this.paused && speed === this.speed && passed > 50 && moved >= 0;
    const seen = steady ? moved / passed : speed;
    // Mostly the speed itself; less where the run cannot keep up. The mean of a few messages, so that it does not jitter.
    const most = jumping ? Infinity : speed * 1.05;
    this.rate = paused || ended ? 0 : Math.min(most, steady ? 0.7 * this.rate + 0.3 * seen : speed);
    if (at < this.shown - Math.max(2000, 2000 * speed)) {
      this.generation += 1;
      this.shown = at;
    }
    Object.assign(this, { at, speed, paused, behind, ended, jumping, heard: wall });
  }

  /** The moment to show (virtual ms); it never goes back unless time was wound back. */
  now() {
    const passed = Math.min(KEEP_ON, this.wall() - this.heard);
    const now = this.at + passed * this.rate;
    if (now > this.shown) this.shown = now;
    return this.shown;
  }
}
