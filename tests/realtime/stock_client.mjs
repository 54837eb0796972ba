// Socket.IO's official client with its defaults, driven by lines of JSON: commands come in, acks and events go out.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const { url, auth, headers } = JSON.parse(process.argv[2]);
const tell = (...line) => console.log(JSON.stringify(line));
const socket = io(url, { auth, extraHeaders: headers, reconnection: false });

socket.on("connect", () => {
  tell("connected", socket.io.engine.transport.name);
  socket.io.engine.once("upgrade", (transport) => tell("upgraded", transport.name));
});
socket.on("connect_error", (error) => tell("refused", error.message));
socket.on("disconnect", (reason) => tell("disconnected", reason));
socket.onAny((event, payload) => tell("event", event, payload));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [id, command, fields] = JSON.parse(line);
    socket.emit(command, fields, (ack) => tell("ack", id, ack));
  })
  .on("close", () => process.exit());
