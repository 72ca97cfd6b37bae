// Talking to the server: JSON in, JSON out, and the stream of what happens.

export class Refused extends Error {}

const told = async (answer) => {
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(document.error ?? `The server answered ${answer.status}.`);
  return document;
};

export const get = async (path) => told(await fetch(path, { cache: "no-store" }));

export const post = async (path, body) =>
  told(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));

const NAMES = ["reset", "clock", "trips", "state", "events", "fates", "crossings", "losses", "journey", "push", "counters", "notice"];

/** Listen to the stream: `heard(name, document)` for each message, `connected(bool)` when the connection changes. */
export const listen = (heard, connected) => {
  const stream = new EventSource("/api/stream");
  for (const name of NAMES) stream.addEventListener(name, (message) => heard(name, JSON.parse(message.data)));
  stream.addEventListener("open", () => connected(true));
  stream.addEventListener("error", () => connected(false));
  return stream;
};
