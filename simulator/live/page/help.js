// The shortcuts, and the keys that they stand for.

import { byId, h, put } from "./dom.js";
import { icon } from "./icons.js";

/** [key as it is shown, what it does, keys, name of the action] */
export const SHORTCUTS = [
  ["Space", "play or pause", [" "], "toggle"],
  [", .", "slower, faster", [",", "."], "speed"],
  ["N", "on to the next interesting moment (with Shift: of the chosen person)", ["n"], "jump"],
  ["/", "find a person or a place", ["/"], "find"],
  ["F", "follow whatever is interesting, or stop doing so", ["f"], "follow"],
  ["M", "lift the chosen person (arrow keys carry, Enter puts down, Esc puts back)", ["m"], "lift"],
  ["C", "take the chosen phone's network away, or give it back", ["c"], "network"],
  ["P", "switch the chosen phone off, or on", ["p"], "power"],
  ["O", "open the message on the chosen phone", ["o"], "open"],
  ["J", "larger journey, and back", ["j"], "wide"],
  ["0", "the whole map", ["0"], "fit"],
  ["T", "light or dark", ["t"], "theme"],
  ["Esc", "close what is open", ["escape"], "none"],
  ["?", "this list", ["?"], "help"],
];

const BY_KEY = new Map(SHORTCUTS.flatMap(([, , keys, action]) => keys.map((key) => [key, action])));

/** Call `actions[name](key, shift)` for the shortcuts; `first(key)` may take a key before them. */
export const listenToKeys = (actions, first) => {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input, select, textarea");
    const key = event.key.toLowerCase();
    if (typing) {
      if (key === "escape") typing.blur();
      return;
    }
    if (first(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (key === " " && event.target.closest("button")) return;
    const action = BY_KEY.get(key);
    if (!action) return;
    event.preventDefault();
    actions[action](key, event.shiftKey);
  }, { capture: true });
  // A button that was pressed with the mouse gives the keys back, so that space plays and pauses.
  addEventListener("click", (event) => event.detail > 0 && event.target.closest?.("button")?.blur());
};

export const showHelp = () => {
  const dialog = byId("help");
  put(
    dialog,
    h("div", { class: "head" }, h("h2", {}, "Keys"), h("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    h("table", { class: "keys" }, SHORTCUTS.map(([key, about]) => h("tr", {}, h("td", {}, key.split(" ").map((one) => h("kbd", {}, one))), h("td", {}, about)))),
    h("p", { class: "soft small" }, "With the mouse: click a person, a place or an event; drag a person into a geofence (with Shift they walk there); drag and scroll the map."),
  );
  if (!dialog.open) dialog.showModal();
};
