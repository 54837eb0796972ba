/** The yardstick: a bare relay on Node's socket.io, as its documentation teaches it. It stores nothing. */
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

/** With the path of a Redis socket this is one node of several. */
const redis = process.argv[2];

async function adapter() {
  const publisher = createClient({ socket: { path: redis } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

const http = createServer();
const io = new Server(http, redis ? { adapter: await adapter() } : {});
const visitors = io.of("/visitor");
const agents = io.of("/agent");

/** `others` are who hears what is said here: each ticket is a room of both namespaces. */
function relay(socket, others) {
  socket.join(socket.handshake.auth.tickets ?? []);
  socket.on("hello", (_, ack) => ack({ ok: true }));
  socket.on("set_presence", (_, ack) => ack({ ok: true }));
  socket.on("send_message", (message, ack) => {
    others.to(message.ticket).emit("message", message);
    ack({ ok: true });
  });
}

visitors.on("connection", (socket) => relay(socket, agents));
agents.on("connection", (socket) => relay(socket, visitors));
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  process.stdout.write(`Listening on http://127.0.0.1:${http.address().port}\n`);
});
