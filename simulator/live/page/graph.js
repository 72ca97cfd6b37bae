// A journey as a graph: steps in layers from top to bottom, in the order in which people reach them. Pure arithmetic.

/** The layer of each step: one more than the deepest step before it; ways back (loops) do not count. */
const layersOf = (steps, edges, first) => {
  const out = new Map(steps.map((step) => [step.name, []]));
  for (const { from, to } of edges) if (to !== null && out.has(from) && out.has(to)) out.get(from).push(to);
  const layer = new Map();
  const under = new Set();
  const visit = (name, depth) => {
    if (under.has(name) || (layer.get(name) ?? -1) >= depth) return;
    under.add(name);
    layer.set(name, depth);
    for (const next of out.get(name)) visit(next, depth + 1);
    under.delete(name);
  };
  visit(first, 0);
  // Steps that nobody reaches come last, so that they are seen.
  const last = Math.max(0, ...layer.values());
  for (const step of steps) if (!layer.has(step.name)) layer.set(step.name, last + 1);
  return layer;
};

/** Steps in rows, each row ordered by where the steps before lie. */
const rowsOf = (steps, edges, layer) => {
  const rows = [];
  for (const step of steps) (rows[layer.get(step.name)] ??= []).push(step.name);
  const before = new Map();
  for (const { from, to } of edges) if (to !== null && layer.get(from) < layer.get(to)) (before.get(to) ?? before.set(to, []).get(to)).push(from);
  for (let i = 1; i < rows.length; i++) {
    const place = new Map(rows[i - 1].map((name, k) => [name, k]));
    const weight = (name) => {
      const known = (before.get(name) ?? []).map((one) => place.get(one)).filter((k) => k !== undefined);
      return known.length ? known.reduce((a, b) => a + b) / known.length : rows[i].indexOf(name);
    };
    const weights = new Map(rows[i].map((name) => [name, weight(name)]));
    rows[i].sort((a, b) => weights.get(a) - weights.get(b));
  }
  return rows.filter(Boolean);
};

/**
 * Where everything lies, in units of the text's height: {width, height, nodes: Map(name -> {x, y, step}), lines: [{from,
 * to, path, label, at}]}. Node positions are their middles; `sizes` = {width, height, gap, between, stub}.
 */
export const arrange = (journey, sizes) => {
  const { steps, edges, first } = journey;
  const layer = layersOf(steps, edges, first);
  const rows = rowsOf(steps, edges, layer);
  const widest = Math.max(...rows.map((row) => row.length));
  const inner = widest * sizes.width + (widest - 1) * sizes.between;
  // Lines that pass other rows go around on the left where they don't lead to the left; only they need room there.
  const left = edges.some(({ from, to }) => layer.has(from) && layer.has(to) && layer.get(to) !== layer.get(from) + 1) ? sizes.stub : 0;
  const byName = new Map(steps.map((step) => [step.name, step]));
  const nodes = new Map();
  rows.forEach((row, i) => {
    const wide = row.length * sizes.width + (row.length - 1) * sizes.between;
    row.forEach((name, k) => {
      const x = left + (inner - wide) / 2 + k * (sizes.width + sizes.between) + sizes.width / 2;
      nodes.set(name, { x, y: sizes.height / 2 + i * (sizes.height + sizes.gap), step: byName.get(name), row: i });
    });
  });
  const height = rows.length * sizes.height + (rows.length - 1) * sizes.gap;
  const lines = edges.filter((edge) => edge.to !== null && nodes.has(edge.from) && nodes.has(edge.to)).map((edge) => ({ ...edge, ...line(nodes, edge, sizes) }));
  return { width: left + inner + sizes.stub, height, nodes, lines };
};

const line = (nodes, { from, to }, sizes) => {
  const [a, b] = [nodes.get(from), nodes.get(to)];
  const half = sizes.height / 2;
  if (b.row === a.row + 1) {
    const [y0, y1] = [a.y + half, b.y - half];
    const middle = (y0 + y1) / 2;
    const path = a.x === b.x ? `M${a.x} ${y0}V${y1}` : `M${a.x} ${y0}C${a.x} ${middle + 0.3} ${b.x} ${middle - 0.3} ${b.x} ${y1}`;
    return { path, at: [(a.x + b.x) / 2, middle] };
  }
  // Past other rows, or back: around the side, the further the longer it is.
  const side = a.x <= b.x ? -1 : 1;
  const bend = sizes.width / 2 + Math.min(sizes.stub * 0.82, 0.9 + 0.5 * Math.abs(b.row - a.row));
  const x = (side < 0 ? Math.min(a.x, b.x) : Math.max(a.x, b.x)) + side * bend;
  const [x0, x1] = [a.x + (side * sizes.width) / 2, b.x + (side * sizes.width) / 2];
  return { path: `M${x0} ${a.y}C${x} ${a.y} ${x} ${a.y} ${x} ${(a.y + b.y) / 2}S${x} ${b.y} ${x1} ${b.y}`, at: [x, (a.y + b.y) / 2] };
};
