// The colours that canvases draw with: custom properties of the style sheet, read once per theme.

const NAMES = ["land", "ink", "soft", "line", "street", "fence", "fence-fill", "lit", "rim", "still", "moving", "inside", "offline", "message", "accent", "card"];

const read = () => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name.replace("-fill", "Fill"), style.getPropertyValue(`--${name}`).trim()]));
};

class Palette extends EventTarget {
  constructor() {
    super();
    this.colours = read();
  }

  get theme() {
    return document.documentElement.dataset.theme;
  }

  /** `dark` or `light`; kept for the next visit. */
  choose(theme) {
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // A browser without storage forgets it; nothing else depends on it.
    }
    this.colours = read();
    this.dispatchEvent(new Event("change"));
  }

  /** The theme asked for by the address, chosen before, or of the system. */
  start() {
    let kept = null;
    try {
      kept = localStorage.getItem("theme");
    } catch {
      kept = null;
    }
    const asked = new URLSearchParams(location.search).get("theme");
    const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
    const theme = [asked, kept, system].find((one) => one === "dark" || one === "light");
    document.documentElement.dataset.theme = theme;
    this.colours = read();
  }
}

export const palette = new Palette();
