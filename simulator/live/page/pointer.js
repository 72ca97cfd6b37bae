// Hands on the map: choose people and places, and carry people elsewhere by mouse, finger or arrow keys.

const STILL = 5; // px that a press may move and still be a click
const STEP = 12; // px for each press of an arrow key

export class Pointer {
  constructor(map, store, actions) {
    Object.assign(this, { map, store, actions });
    this.grabbed = null;
    const { host } = map;
    host.addEventListener("pointerdown", (event) => this.down(event), { capture: true });
    host.addEventListener("pointermove", (event) => this.hover(event));
    addEventListener("pointermove", (event) => this.move(event));
    addEventListener("pointerup", (event) => this.up(event));
    addEventListener("pointercancel", () => this.drop(null));
  }

  where(event) {
    const box = this.map.host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  hover(event) {
    if (this.grabbed || event.buttons) return;
    const [x, y] = this.where(event);
    const person = this.map.crowd.at(x, y);
    const place = person < 0 ? this.map.ground.at(this.map.view, x, y) : -1;
    this.map.host.classList.toggle("over-person", person >= 0);
    this.map.host.classList.toggle("over-place", place >= 0);
    const title = person >= 0 ? this.store.nameOf(person) : "";
    if (this.map.host.title !== title) this.map.host.title = title;
  }

  down(event) {
    if (event.button !== 0 || this.grabbed || event.target.closest("button, a")) return;
    const [x, y] = this.where(event);
    const person = this.map.crowd.at(x, y);
    this.grabbed = { person, x, y, moved: false };
    if (person >= 0) this.map.map.dragging.disable();
  }

  move(event) {
    const { grabbed } = this;
    if (!grabbed) return;
    const [x, y] = this.where(event);
    grabbed.moved ||= Math.hypot(x - grabbed.x, y - grabbed.y) > STILL;
    if (grabbed.person < 0 || !grabbed.moved || !this.store.setup.controls?.take_over) return;
    this.carry(grabbed.person, x, y);
  }

  up(event) {
    const { grabbed } = this;
    if (!grabbed) return;
    this.grabbed = null;
    this.map.map.dragging.enable();
    const [x, y] = this.where(event);
    if (this.map.crowd.carried && grabbed.person >= 0) {
      this.drop(this.map.crowd.carried, event.shiftKey ? "walk" : "jump");
      return;
    }
    if (grabbed.moved || !this.map.host.contains(event.target)) return;
    if (grabbed.person >= 0) this.actions.person(grabbed.person);
    else this.actions.place(this.map.ground.at(this.map.view, x, y));
  }

  /** Hold somebody over a pixel. */
  carry(person, x, y) {
    const { lat, lng } = this.map.map.containerPointToLatLng([x, y]);
    const first = !this.map.crowd.carried;
    this.map.crowd.carried = { person, lat, lon: lng };
    const place = this.map.ground.at(this.map.view, x, y);
    this.map.ground.choose(place);
    if (first) this.actions.carried(person);
  }

  /** Put down who is held, who then is there at once (`jump`) or goes there (`walk`); null puts them back. */
  async drop(carried, by = "jump") {
    const held = this.map.crowd.carried;
    this.grabbed = null;
    this.map.map.dragging.enable();
    this.map.ground.choose(-1);
    if (!held) return;
    if (carried) await this.actions.move(carried.person, [carried.lat, carried.lon], by);
    this.map.crowd.carried = null;
  }

  /** Lift the chosen person with the keyboard, or put them down again. */
  lift() {
    const { crowd } = this.map;
    if (crowd.carried) return this.drop(crowd.carried);
    if (crowd.chosen >= 0 && this.store.setup.controls?.take_over) this.carry(crowd.chosen, crowd.x[crowd.chosen], crowd.y[crowd.chosen]);
    return null;
  }

  /** An arrow key while somebody is held; true if it was used. */
  key(name) {
    const held = this.map.crowd.carried;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[name];
    if (!held) return false;
    if (name === "Enter") this.drop(held);
    else if (name === "Escape") this.drop(null);
    else if (by) {
      const [x, y] = this.map.view.point(held.lat, held.lon);
      this.carry(held.person, x + STEP * by[0], y + STEP * by[1]);
    } else return false;
    return true;
  }
}
