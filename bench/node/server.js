/** The baseline: a plain relay on Node's socket.io, written as its documentation shows. It stores nothing. */
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

/** The path of a Redis socket, given when this process is one node of several. */
const redisSocket = process.argv[2];

async function adapter() {
  const publisher = createClient({ socket: { path: redisSocket } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

const http = createServer();
const io = new Server(http, redisSocket ? { adapter: await adapter() } : {});
const visitors = io.of("/visitor");
const agents = io.of("/agent");

/** Relay to the namespace `receivers` what this socket sends: each ticket is a room in both namespaces. */
function relay(socket, receivers) {
  socket.join(socket.handshake.auth.tickets ?? []);
  socket.on("hello", (_, ack) => ack({ ok: true }));
  socket.on("set_presence", (_, ack) => ack({ ok: true }));
  socket.on("send_message", (message, ack) => {
    receivers.to(message.ticket).emit("message", message);
    ack({ ok: true });
  });
}

visitors.on("connection", (socket) => relay(socket, agents));
agents.on("connection", (socket) => relay(socket, visitors));
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  process.stdout.write(`Listening on http://127.0.0.1:${http.address().port}\n`);
});
