// The journey as a graph: people flow through its steps, and who drops out is counted where it happens.

import { byId, calm, h, put, s, text } from "./dom.js";
import { count, plural, words } from "./format.js";
import { icon, sign } from "./icons.js";
import { arrange } from "./graph.js";

const SIZES = { width: 11.6, height: 2.55, gap: 1.5, between: 0.9, stub: 4.6 }; // in rem
const LIT = 1400; // ms that a step stays lit
const MOST_DOTS = 14;

export class JourneyView {
  constructor(store, actions) {
    this.store = store;
    this.host = byId("journey");
    this.journeys = store.setup.journeys;
    this.name = this.journeys[0]?.name ?? null;
    this.path = null; // {journey, steps: [names]} of the person who is chosen
    this.dots = 0;
    this.dirty = true;
    this.build(actions);
    store.on("journey", (message) => this.hear(message));
    store.on("reset", () => (this.dirty = true));
    setInterval(() => this.dirty && this.refresh(), 250);
    addEventListener("resize", () => this.draw());
  }

  get journey() {
    return this.journeys.find((one) => one.name === this.name);
  }

  build(actions) {
    const choose = h(
      "select",
      { "aria-label": "Journey", onchange: () => this.choose(this.chooser.value) },
      this.journeys.map((journey) => h("option", { value: journey.name }, words(journey.name))),
    );
    this.chooser = choose;
    this.numbers = h("span", { class: "soft small numbers" });
    this.drawing = h("div", { class: "graph" });
    this.ends = h("p", { class: "ends small" });
    const wide = h("button", { class: "quiet", type: "button", "aria-label": "Larger journey (J)", title: "Larger (J)", onclick: actions.wide }, icon("wide"));
    const title = this.journeys.length > 1 ? choose : h("h2", {}, this.name ? `Journey ${words(this.name)}` : "Journey");
    put(this.host, h("div", { class: "head" }, title, this.numbers, wide), this.drawing, this.ends);
    if (!this.name) put(this.drawing, h("p", { class: "soft empty" }, "This scenario has no journeys."));
    this.draw();
  }

  choose(name) {
    this.name = name;
    if (this.chooser.value !== name) this.chooser.value = name;
    this.draw();
  }

  /** The steps that the chosen person went through (null for nobody). */
  follow(path) {
    this.path = path;
    if (path && path.journey !== this.name && this.journeys.some((one) => one.name === path.journey)) this.choose(path.journey);
    this.mark();
  }

  draw() {
    if (!this.name) return;
    const { journey } = this;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const sizes = Object.fromEntries(Object.entries(SIZES).map(([key, value]) => [key, value * rem]));
    const plan = arrange(journey, sizes);
    this.nodes = new Map();
    this.lines = new Map();
    // A long journey gets more of the side, so that its text stays large enough.
    const rows = new Set([...plan.nodes.values()].map((node) => node.row)).size;
    byId("side").style.setProperty("--journey", `${Math.max(54, Math.min(68, 43 + 3 * rows))}fr`);
    const pad = 4;
    const svg = s("svg", { viewBox: `${-pad} ${-pad} ${plan.width + 2 * pad} ${plan.height + 2 * pad}`, role: "group", "aria-label": `Steps of ${words(journey.name)}` });
    const most = document.body.classList.contains("wide") ? 1.7 : 1.25;
    svg.style.maxWidth = `${most * (plan.width + 2 * pad)}px`;
    svg.style.maxHeight = `${most * (plan.height + 2 * pad)}px`;
    const { lines, stubs, nodes } = { lines: s("g"), stubs: s("g"), nodes: s("g") };
    for (const line of plan.lines) lines.append(this.line(line));
    for (const [name, node] of plan.nodes) {
      stubs.append(this.stub(name, node, sizes));
      nodes.append(this.node(name, node, sizes));
    }
    this.moving = s("g", { class: "dots" });
    put(this.drawing, svg);
    svg.append(lines, stubs, this.moving, nodes);
    this.refresh();
    this.mark();
  }

  line({ from, to, path, label, at }) {
    const drawn = s("path", { d: path, class: "way" });
    const told = s("text", { x: at[0], y: at[1], class: "way-label", "text-anchor": "middle", dy: "0.35em" });
    const key = `${from}>${to}`;
    const known = this.lines.get(key);
    this.lines.set(key, { drawn, told, label: known?.label && label ? `${known.label} / ${label}` : label });
    if (known) known.told.remove();
    return s("g", {}, drawn, told);
  }

  stub(name, { x, y }, sizes) {
    const right = x + sizes.width / 2;
    const told = s("text", { x: right + sizes.stub - 2, y: y - 0.32 * sizes.height / 2.55, class: "stub", "text-anchor": "end" });
    const why = s("text", { x: right + sizes.stub - 2, y: y + 0.78 * sizes.height / 2.55, class: "stub soft", "text-anchor": "end" });
    const group = s("g", { class: "stub-line" }, s("path", { d: `M${right} ${y}h${sizes.stub * 0.24}` }), told, why);
    group.setAttribute("visibility", "hidden");
    this.nodes.set(name, { stub: group, told, why });
    return group;
  }

  node(name, { x, y, step }, sizes) {
    const rem = sizes.height / SIZES.height;
    const left = x - sizes.width / 2;
    const passed = s("text", { x: x + sizes.width / 2 - 0.7 * rem, y: y - 0.12 * rem, class: "passed", "text-anchor": "end" }, "0");
    const waiting = s("text", { x: x + sizes.width / 2 - 0.7 * rem, y: y + 0.92 * rem, class: "waiting", "text-anchor": "end" });
    const detail = step.label && step.label !== name ? step.label : words(step.kind);
    const about = s("text", { x: left + 2.2 * rem, y: y + 0.92 * rem, class: "step-detail" });
    const group = s(
      "g",
      { class: `step k-${step.kind}`, "data-step": name },
      s("title", {}, `${words(name)}: ${detail}`),
      s("rect", { x: left, y: y - sizes.height / 2, width: sizes.width, height: sizes.height, rx: 0.5 * rem, class: "box" }),
      sign(step.kind, left + 0.5 * rem, y - 0.62 * rem, 1.24 * rem),
      s("text", { x: left + 2.2 * rem, y: y - 0.12 * rem, class: "step-name" }, cut(words(name), 13)),
      about,
      passed,
      waiting,
    );
    Object.assign(this.nodes.get(name), { group, passed, waiting, detail: about, about: words(detail) });
    return group;
  }

  hear({ rows = [], replace }) {
    this.dirty = true;
    if (replace) return;
    for (const row of rows) {
      if (row.journey !== this.name) continue;
      if (row.kind === "entered") this.light(row.step || this.journey.first);
      if (row.kind === "step") {
        const previous = row.detail?.previous;
        if (previous && !calm()) this.flow(`${previous}>${row.step}`);
        this.light(row.step);
      }
    }
  }

  /** Let a step light up for a moment. */
  light(name) {
    const node = this.nodes?.get(name);
    if (!node?.group) return;
    node.group.classList.add("lit");
    clearTimeout(node.fading);
    node.fading = setTimeout(() => node.group.classList.remove("lit"), LIT);
  }

  flow(key) {
    const line = this.lines.get(key);
    if (!line || this.dots >= MOST_DOTS || document.hidden) return;
    this.dots += 1;
    const dot = s("circle", { r: 4.2, class: "dot" });
    this.moving.append(dot);
    const length = line.drawn.getTotalLength();
    const begun = performance.now();
    const move = (wall) => {
      const part = Math.min(1, (wall - begun) / 550);
      const { x, y } = line.drawn.getPointAtLength(length * part);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (part < 1) requestAnimationFrame(move);
      else {
        dot.remove();
        this.dots -= 1;
      }
    };
    requestAnimationFrame(move);
  }

  /** Take the counts over. */
  refresh() {
    this.dirty = false;
    if (!this.name) return;
    const totals = this.store.totals[this.name] ?? {};
    const { entered = 0, under_way: under = 0, steps = {}, at = {}, edges = {}, ended = {} } = totals;
    text(this.numbers, `${count(entered)} entered · ${count(under)} under way`);
    for (const [name, node] of this.nodes) {
      const passed = steps[name] ?? 0;
      text(node.passed, count(passed));
      text(node.waiting, at[name] ? `${count(at[name])} here` : "");
      text(node.detail, cut(node.about, at[name] ? 11 : 17));
      const out = Object.entries(edges).filter(([key]) => key.startsWith(`${name}>`));
      const finished = edges[`${name}>`] ?? 0;
      const dropped = Math.max(0, passed - out.reduce((sum, [, n]) => sum + n, 0));
      this.tellStub(name, node, finished, dropped);
    }
    for (const [key, line] of this.lines) {
      const flowed = edges[key] ?? 0;
      line.drawn.classList.toggle("used", flowed > 0);
      text(line.told, line.label ? cut(line.label, 26) : "");
    }
    this.tellEnds(ended);
  }

  tellStub(name, node, finished, dropped) {
    const last = !this.journey.edges.some((edge) => edge.from === name && edge.to !== null);
    const exits = this.journey.edges.filter((edge) => edge.from === name && edge.to === null && edge.label);
    const all = finished + dropped;
    const shown = all > 0 && !(last && !exits.length);
    node.stub.setAttribute("visibility", shown ? "visible" : "hidden");
    node.stub.classList.toggle("lost", dropped > finished);
    text(node.told, shown ? `−${count(all)}` : "");
    text(node.why, shown ? cut(finished >= dropped && exits.length ? exits.map((edge) => edge.label).join(", ") : "no path", 10) : "");
  }

  tellEnds(ended) {
    const parts = Object.entries(ended).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const discards = Object.entries(this.store.discards ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const chip = (tone) => ([key, n]) => h("span", { class: `chip ${tone}`, title: this.store.reason(key) }, h("b", {}, count(n)), ` ${key === "end" ? "completed" : words(key)}`);
    const key = JSON.stringify([parts, discards]);
    if (key === this.toldEnds) return;
    this.toldEnds = key;
    const total = discards.reduce((sum, [, n]) => sum + n, 0);
    put(
      this.ends,
      parts.map((part) => chip(part[0] === "end" ? "good" : "lost")(part)),
      total ? h("span", { class: "chip", title: discards.map(([why, n]) => `${count(n)} ${this.store.reason(why)}`).join("\n") }, h("b", {}, count(total)), " entered nothing") : null,
    );
  }

  /** Highlight the way of the chosen person. */
  mark() {
    if (!this.nodes) return;
    const steps = this.path?.journey === this.name ? this.path.steps : [];
    const along = new Set(steps.map((step, i) => (i ? `${steps[i - 1]}>${step}` : "")));
    const here = steps.at(-1);
    for (const [name, node] of this.nodes) {
      node.group.classList.toggle("mine", steps.includes(name));
      node.group.classList.toggle("here", name === here);
    }
    for (const [key, line] of this.lines) line.drawn.classList.toggle("mine", along.has(key));
    this.host.classList.toggle("followed", steps.length > 0);
  }

  /** What a screen reader, or a test, may want to know: how many passed each step. */
  get summary() {
    const totals = this.store.totals[this.name]?.steps ?? {};
    return this.name ? `${plural(this.journey.steps.length, "step")}; ${Object.entries(totals).map(([step, n]) => `${step} ${n}`).join(", ")}` : "";
  }
}

const cut = (said, most) => (said.length > most ? `${said.slice(0, most - 1).trimEnd()}…` : said);
