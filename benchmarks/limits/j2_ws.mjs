// The limit of `J2 ws`: Node's ws library, and nothing else.
//
// Stand-alone: listens on the port that it is given, keeps the sockets of `/live/?group=N` together, and for every line
// on standard input sends each group one text of its own, about as long as the product's. No sign-in, no database.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { WebSocketServer } = createRequire(new URL("../../frontend/", import.meta.url))("ws");

const [port, length] = process.argv.slice(2).map(Number);
const data = "x".repeat(length);
const groups = new Map();
let seq = 0;

const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 1024 });
server.on("connection", (socket, request) => {
  const group = Number(new URL(request.url, "http://localhost").searchParams.get("group"));
  if (!groups.has(group)) groups.set(group, new Set());
  groups.get(group).add(socket);
});
server.on("listening", () => console.log("ready"));

createInterface({ input: process.stdin }).on("line", () => {
  seq += 1;
  for (const [group, sockets] of groups) {
    const text = Buffer.from(JSON.stringify({ seq, group, data })); // made once a group, as the others do
    for (const socket of sockets) socket.send(text, { binary: false });
  }
});
