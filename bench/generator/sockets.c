// Sockets: TCP connect, the upgrade to WebSocket, frames in and out.
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MAX_ADDRESSES 16
#define CHUNK (1 << 17)
#define TIMER_EVENT UINT32_MAX

static struct sockaddr_in addresses[MAX_ADDRESSES];
static u32 address_count;
static int epoll_fd, timer_fd;

static void add_address(const char *text) {
  const char *colon = strrchr(text, ':');
  if (strncmp(text, "127.0.0.1:", 10) || !colon || address_count == MAX_ADDRESSES) {
    fprintf(stderr, "generator: an address is 127.0.0.1:PORT, and at most %d are allowed\n", MAX_ADDRESSES);
    exit(2);
  }
  struct sockaddr_in *address = &addresses[address_count++];
  address->sin_family = AF_INET;
  address->sin_port = htons(atoi(colon + 1));
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void init_sockets(char *text) {
  for (char *address = strtok(text, ","); address; address = strtok(NULL, ",")) add_address(address);
  epoll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event ticks = {.events = EPOLLIN, .data.u32 = TIMER_EVENT};
  if (epoll_fd < 0 || timer_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &ticks)) fail("epoll");
}

// -- sending --------------------------------------------------------------------------------------------------

static void reserve(buffer *b, u32 more) {
  if (b->length + more <= b->capacity) return;
  b->capacity = (b->length + more) * 2;
  b->bytes = realloc(b->bytes, b->capacity);
  if (!b->bytes) fail("memory");
}

static void append(buffer *b, const void *bytes, u32 length) {
  reserve(b, length);
  memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
}

static void reset_buffer(buffer *b) {
  free(b->bytes);
  memset(b, 0, sizeof *b);
}

static void watch_writable(connection *c, bool to_write) {
  if (c->watches_writable == to_write) return;
  c->watches_writable = to_write;
  struct epoll_event wanted = {.events = EPOLLIN | (to_write ? EPOLLOUT : 0), .data.u32 = c - connections};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &wanted);
}

static void flush(connection *c) {
  while (c->written < c->out.length) {
    ssize_t sent = send(c->fd, c->out.bytes + c->written, c->out.length - c->written, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return watch_writable(c, true);
    if (sent < 0) return connection_lost(c, strerror(errno));
    c->written += sent;
  }
  reset_buffer(&c->out);
  c->written = 0;
  watch_writable(c, false);
}

static void send_bytes(connection *c, const void *bytes, u32 length) {
  ssize_t sent = 0;
  if (!c->out.length) {
    sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length) return;
    if (sent < 0 && errno != EAGAIN) return connection_lost(c, strerror(errno));
    if (sent < 0) sent = 0;
  }
  append(&c->out, (const u8 *)bytes + sent, length - sent);
  watch_writable(c, true);
}

// A random masking key, as a browser's: Node's ws skips the unmasking when the key is zero.
static u32 next_mask_key(void) {
  static u32 key = 2463534242u;
  key ^= key << 13;
  key ^= key >> 17;
  return key ^= key << 5;
}

static void send_frame(connection *c, int opcode, const u8 *bytes, u32 length) {
  static u8 frame[1 << 16];
  u32 at = 2, key = next_mask_key();
  if (length > sizeof frame - 8) fail("frame too long");
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) {
    frame[at++] = length >> 8;
    frame[at++] = length;
  }
  memcpy(frame + at, &key, 4);
  const u8 *mask = frame + at;
  at += 4;
  for (u32 i = 0; i < length; i++) frame[at + i] = bytes[i] ^ mask[i & 3];
  send_bytes(c, frame, at + length);
}

void send_text(connection *c, const char *text, u32 length) { send_frame(c, 1, (const u8 *)text, length); }

// -- connecting and closing -----------------------------------------------------------------------------------

void open_connection(connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c->state = CONNECTING;
  c->attempt_at = c->received_at = now();
  c->next_ack = c->unacked = 0;
  c->watches_writable = true;
  struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT, .data.u32 = c - connections};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &wanted);
  struct sockaddr_in *address = &addresses[c->target % address_count];
  int failed = connect(c->fd, (struct sockaddr *)address, sizeof *address);
  if (failed && errno != EINPROGRESS) connection_lost(c, strerror(errno));
}

void close_connection(connection *c) {
  if (c->state == DISCONNECTED) return;
  if (c->state == READY) ready_count--;
  close(c->fd);
  c->state = DISCONNECTED;
  c->written = 0;
  reset_buffer(&c->in);
  reset_buffer(&c->out);
}

void connection_lost(connection *c, const char *reason) {
  static int reported;
  if (c->state == DISCONNECTED) return;
  if (!stopping && reported++ < 3) fprintf(stderr, "generator: lost a connection: %s\n", reason);
  close_connection(c);
  total.lost++;
  schedule_reconnect(c);
}

// Sends the request that a browser sends. It offers compression, which all measured servers decline.
static void send_upgrade_request(connection *c) {
  char request[1024];
  const char *before = *c->cookie ? "Cookie: " : "", *after = *c->cookie ? "\r\n" : "";
  int length = snprintf(
      request, sizeof request,
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
      "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUpgrade: websocket\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n"
      "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n%s%s%s\r\n",
      ntohs(addresses[c->target % address_count].sin_port), before, c->cookie, after);
  c->state = UPGRADING;
  send_bytes(c, request, length);
}

static void on_tcp_connected(connection *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return connection_lost(c, strerror(error));
  watch_writable(c, false);
  send_upgrade_request(c);
}

// -- receiving ------------------------------------------------------------------------------------------------

// Returns how many bytes the response to the upgrade takes; 0 while it is incomplete.
static u32 parse_upgrade_response(connection *c, const u8 *bytes, u32 length) {
  const u8 *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (memcmp(bytes, "HTTP/1.1 101", 12)) {
    connection_lost(c, "the upgrade was refused");
    return 0;
  }
  if (memmem(bytes, end - bytes, "permessage-deflate", 18)) {
    fprintf(stderr, "generator: the server accepted compression, which the generator does not support\n");
    exit(1);
  }
  c->state = AWAITING_OPEN;
  return end + 4 - bytes;
}

// Sets the lengths of a frame's header and payload; returns false while the header is incomplete.
static bool parse_frame_header(const u8 *bytes, u32 length, u32 *head, u32 *payload) {
  if (length < 2) return false;
  *head = 2;
  *payload = bytes[1] & 127;
  u32 more = *payload == 126 ? 2 : *payload == 127 ? 8 : 0;
  if (length < 2 + more) return false;
  if (more) *payload = 0;
  for (u32 i = 0; i < more; i++) *payload = *payload << 8 | bytes[2 + i];
  *head += more;
  return true;
}

static void on_close_frame(connection *c, const u8 *payload, u32 length) {
  char reason[40];
  snprintf(reason, sizeof reason, "the server closed it with code %d", length < 2 ? 0 : payload[0] << 8 | payload[1]);
  connection_lost(c, reason);
}

static void dispatch_frame(connection *c, int opcode, const u8 *payload, u32 length) {
  switch (opcode) {
    case 1: return receive_packet(c, payload, length);
    case 8: return on_close_frame(c, payload, length);
    case 9: return send_frame(c, 10, payload, length);
  }
}

// Returns how many bytes were parsed.
static u32 parse_input(connection *c, const u8 *bytes, u32 length) {
  u32 used = c->state == UPGRADING ? parse_upgrade_response(c, bytes, length) : 0, head, payload;
  while (c->state > UPGRADING && parse_frame_header(bytes + used, length - used, &head, &payload)) {
    if (length - used < head + payload) break;
    const u8 *frame = bytes + used;
    used += head + payload;
    dispatch_frame(c, frame[0] & 15, frame + head, payload);
  }
  return used;
}

static void read_socket(connection *c) {
  static u8 chunk[CHUNK];
  ssize_t got = recv(c->fd, chunk, sizeof chunk, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return connection_lost(c, got ? strerror(errno) : "the server closed it");
  c->received_at = now();
  if (!c->in.length) {
    u32 used = parse_input(c, chunk, got);
    if (c->state != DISCONNECTED && used < got) append(&c->in, chunk + used, got - used);
    return;
  }
  append(&c->in, chunk, got);
  u32 used = parse_input(c, c->in.bytes, c->in.length);
  if (c->state == DISCONNECTED) return;
  c->in.length -= used;
  memmove(c->in.bytes, c->in.bytes + used, c->in.length);
  if (!c->in.length) reset_buffer(&c->in);
}

static void dispatch_event(connection *c, u32 events) {
  if (c->state == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) return on_tcp_connected(c);
  if (c->state != DISCONNECTED && events & EPOLLOUT) flush(c);
  if (c->state != DISCONNECTED && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_socket(c);
}

// Waits for events for `ms` at most and handles them.
void poll_once(int ms) {
  struct epoll_event events[512];
  int count = epoll_wait(epoll_fd, events, 512, ms);
  u64 ticks;
  for (int i = 0; i < count; i++) {
    if (events[i].data.u32 != TIMER_EVENT) {
      dispatch_event(&connections[events[i].data.u32], events[i].events);
    } else if (read(timer_fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN) {
      fail("timer");
    }
  }
}

// Makes poll_once return at this moment at the latest: epoll's own timeout has a resolution of 1 ms only.
void set_timer(u64 moment) {
  struct itimerspec at = {.it_value = {moment / SECOND, moment % SECOND}};
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}
