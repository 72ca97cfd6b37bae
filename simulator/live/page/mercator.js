// The flat map: Web Mercator in units of the whole world (0 to 1), as map libraries have it at zoom 0.

const CIRCUMFERENCE = 40075016.686; // m, of the equator

export const unitX = (lon) => (lon + 180) / 360;

export const unitY = (lat) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

/** Metres at a latitude as a share of the world's width. */
export const unitLength = (metres, lat) => metres / (CIRCUMFERENCE * Math.cos((lat * Math.PI) / 180));

/** The view of a Leaflet map: where a unit point lies in the map's container, in CSS pixels. */
export class View {
  constructor(map) {
    this.map = map;
    this.look();
  }

  /** Take the map's position over; true if it differs from before. */
  look() {
    const bounds = this.map.getPixelBounds();
    const scale = 256 * 2 ** this.map.getZoom();
    const size = this.map.getSize();
    const { x, y } = bounds.min;
    const same = scale === this.scale && x === this.x && y === this.y && size.x === this.width && size.y === this.height;
    Object.assign(this, { scale, x, y, width: size.x, height: size.y });
    return !same;
  }

  px(ux) {
    return ux * this.scale - this.x;
  }

  py(uy) {
    return uy * this.scale - this.y;
  }

  point(lat, lon) {
    return [this.px(unitX(lon)), this.py(unitY(lat))];
  }

  /** Whether a pixel is in sight, with a margin. */
  sees(x, y, margin = 0) {
    return x > -margin && y > -margin && x < this.width + margin && y < this.height + margin;
  }
}
