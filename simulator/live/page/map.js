// The map: Leaflet moves it, tiles lie below if there are any, and the canvases for ground, people and names above it.

import { leaflet as L } from "/leaflet/leaflet.js";
import { byId, calm, h, put } from "./dom.js";
import { View } from "./mercator.js";
import { Ground } from "./ground.js";
import { Crowd } from "./crowd.js";

const canvas = (host, name) => host.appendChild(h("canvas", { class: `layer ${name}`, "aria-hidden": "true" }));

const FONT = 14; // px of text on a laptop's screen, at which marks have their own size
const FAR = 0.08; // share of people on each side that the first view may leave out
const FEW = 60; // places up to which the first view shows all of them

/** What to show first: all places if there are few, and where most people are. */
const boundsOf = ({ setup, places, motion }) => {
  const fences = places.length <= FEW ? places.map((place) => place.at) : [];
  const span = (axis, people) => {
    const sorted = Float64Array.from(people).filter(Number.isFinite).sort();
    const cut = Math.floor(sorted.length * FAR);
    const all = [...sorted.subarray(cut, sorted.length - cut), ...fences.map((at) => at[axis])];
    return all.length ? all.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]) : null;
  };
  const [lats, lons] = [span(0, motion.lat), span(1, motion.lon)];
  return lats && lons ? [[lats[0], lons[0]], [lats[1], lons[1]]] : setup.map.bounds;
};

export class LiveMap extends EventTarget {
  constructor(store) {
    super();
    this.store = store;
    this.host = byId("map");
    this.frames = 0;
    const { map: about } = store.setup;
    this.map = L.map(this.host, {
      attributionControl: false, zoomControl: false, zoomAnimation: false, fadeAnimation: false, keyboard: true,
      zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 140, maxZoom: 19, minZoom: 2, boxZoom: false, doubleClickZoom: true,
      inertia: !calm(), keyboardPanDelta: 100,
    });
    if (about.tiles) L.tileLayer(about.tiles, { maxZoom: 19 }).addTo(this.map);
    this.fit();
    for (const name of ["pointerdown", "wheel", "keydown", "dblclick"]) this.host.addEventListener(name, () => this.map.once("movestart", () => (this.fitted = false)), { passive: true });
    this.groundLayer = canvas(this.host, "ground");
    this.crowdLayer = canvas(this.host, "crowd");
    this.nameLayer = canvas(this.host, "names");
    this.view = new View(this.map);
    this.ground = new Ground(store.places, store.streets);
    this.crowd = new Crowd(store.motion, store.marks);
    const texts = [...(about.attribution ?? []), "drawn with Leaflet"];
    this.host.append(put(h("p", { class: "attribution" }), texts.join(" · ")));
    new ResizeObserver(() => {
      this.map.invalidateSize({ pan: false });
      this.crowd.resize(parseFloat(getComputedStyle(document.documentElement).fontSize) / FONT);
      if (this.fitted) this.fit();
    }).observe(this.host);
    // Where people are is known with the first word of the clock.
    let placed = false;
    store.on("clock", () => {
      if (!placed && this.fitted) {
        store.motion.seek(store.clock.now());
        this.fit();
      }
      placed = true;
    });
    this.counted = 0;
    this.frame = this.frame.bind(this);
    requestAnimationFrame(this.frame);
  }

  /** Show the places, and most of the people. */
  fit() {
    this.fitted = true;
    const panel = byId("person");
    const left = panel.hidden ? 36 : panel.offsetWidth + 40;
    const bounds = boundsOf(this.store);
    if (bounds) this.map.fitBounds(bounds, { paddingTopLeft: [left, 44], paddingBottomRight: [36, 64], animate: false });
    else this.map.setView([20, 0], 2);
  }

  /** Bring a position into sight; if nobody has moved the map, all of it beside the panel. */
  show(lat, lon, refit = true) {
    if (this.fitted && refit) this.fit();
    this.view.look();
    const [x, y] = this.view.point(lat, lon);
    const { width, height } = this.view;
    const left = byId("person").hidden ? 60 : byId("person").offsetWidth + 60;
    if (!Number.isFinite(x) || (x > left && x < width - 80 && y > 80 && y < height - 100)) return;
    this.map.panBy([x - (left + width) / 2, y - height / 2], { animate: !calm(), duration: 0.6 });
    this.fitted = false;
  }

  size(layer) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.view.width * ratio), Math.round(this.view.height * ratio)];
    if (layer.width !== width || layer.height !== height) {
      layer.width = width;
      layer.height = height;
    }
    const c = layer.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.view.width, this.view.height);
    return c;
  }

  frame(wall) {
    requestAnimationFrame(this.frame);
    this.frames += 1;
    const { store, view, ground, crowd } = this;
    const still = calm();
    const at = store.clock.now();
    store.motion.seek(at);
    const moved = view.look();
    if (wall - this.counted > 400) {
      this.counted = wall;
      ground.recount([...store.states.values()].map((state) => state.inside ?? []));
    }
    if (moved || ground.stale) {
      ground.stale = false;
      const c = this.size(this.groundLayer);
      ground.drawStreets(c, view);
      ground.drawFences(c, view);
      ground.drawLabels(this.size(this.nameLayer), view);
    }
    const c = this.size(this.crowdLayer);
    ground.drawGlow(c, view, wall, still);
    crowd.draw(c, view, at, wall, still);
    this.dispatchEvent(new Event("frame"));
  }
}
