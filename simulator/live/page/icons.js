// Small drawings for buttons, 20 by 20, in the colour of the text.

import { s } from "./dom.js";

const PATHS = {
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z",
  next: "M4 4l7 6-7 6zM12 4h3v12h-3z",
  sun: "M10 6.500a3.500 3.500 0 100 7 3.500 3.500 0 000-7zM9.200 1.500h1.600v3H9.200zM9.200 15.500h1.600v3H9.200zM1.500 9.200h3v1.600h-3zM15.500 9.200h3v1.600h-3zM3.400 4.500l1.100-1.100 2.100 2.100-1.100 1.100zM13.400 14.500l1.100-1.100 2.100 2.100-1.100 1.100zM3.400 15.500l2.100-2.100 1.100 1.100-2.100 2.100zM13.400 5.500l2.100-2.100 1.100 1.100-2.100 2.100z",
  fit: "M3 3h5v2H5v3H3zM12 3h5v5h-2V5h-3zM3 12h2v3h3v2H3zM15 12h2v5h-5v-2h3z",
  follow: "M10 2a8 8 0 100 16 8 8 0 000-16zm0 2a6 6 0 110 12 6 6 0 010-12zm0 3.200a2.800 2.800 0 100 5.600 2.800 2.800 0 000-5.600z",
  close: "M4.700 3.300L10 8.600l5.300-5.300 1.400 1.400L11.400 10l5.300 5.300-1.400 1.400L10 11.400l-5.300 5.300-1.400-1.400L8.600 10 3.300 4.700z",
  message: "M3 4h14v9.500H9L5.500 17v-3.500H3z",
  wide: "M12 3h5v5h-2V6.400l-3.300 3.300-1.400-1.400L13.600 5H12zM8 17H3v-5h2v1.600l3.300-3.300 1.400 1.400L6.400 15H8z",
  copy: "M7 2h10v11h-3v-1.600h1.400V3.600H8.600V5H7zM3 6h10v12H3zm1.600 1.600v8.800h6.800V7.600z",
};

/** A drawing by name. */
export const icon = (name) =>
  s("svg", { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" }, s("path", { d: PATHS[name], fill: "currentColor" }));

// The kinds of steps, 16 by 16, as lines.
const SIGNS = {
  event: "M4 14V2.500M4 3h8l-2 2.800L12 8.600H4",
  wait: "M8 2.200a5.800 5.800 0 100 11.600A5.800 5.800 0 008 2.200zM8 4.800V8l2.400 1.600",
  race: "M8 14V9M8 9L3.500 4.500M8 9l4.500-4.500M3.500 7.500v-3h3M9.500 4.500h3v3",
  condition: "M8 1.800L14.200 8 8 14.200 1.800 8z",
  action: "M2 3.800h12v8.400H2zM2 4.200l6 4.800 6-4.800",
  update_profile: "M3 13l.6-3L10.500 3.100l2.400 2.400L6 12.400z",
  jump: "M2.500 12C3 6.500 8 5 12.500 6.500M10 3.500l3 3-3.400 2.600",
  end: "M4 4h8v8H4z",
};
SIGNS.wait_until = SIGNS.wait;

/** The sign of a kind of step, to be put into another drawing at a place and size. */
export const sign = (kind, x, y, size) =>
  s("svg", { x, y, width: size, height: size, viewBox: "0 0 16 16", class: "sign", "aria-hidden": "true" }, s("path", { d: SIGNS[kind] ?? SIGNS.end }));
