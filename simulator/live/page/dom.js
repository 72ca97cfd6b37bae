// Building the page. Text only ever goes in as text: nothing here, or anywhere, parses a string as HTML.

const SVG = "http://www.w3.org/2000/svg";

const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "hidden" || name === "disabled" || name === "checked") node[name] = Boolean(value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
};

/** Append nodes and texts (null and false are left out). */
export const append = (node, children) => {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
};

/** An HTML element: `h("button", {class: "x", onclick: f}, "text", node)`. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Replace what a node holds. */
export const put = (node, ...children) => {
  node.replaceChildren();
  return append(node, children);
};

/** Set a text only where it differs, so that nothing is laid out in vain. */
export const text = (node, value) => {
  const said = String(value);
  if (node.textContent !== said) node.textContent = said;
};

/** The element of the page with an id. */
export const byId = (id) => document.getElementById(id);

/** Whether the reader asked for less movement. */
export const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
