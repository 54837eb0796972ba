// Sockets: dialling, the upgrade to WebSocket, frames in and out.
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

#define MOST_TARGETS 16
#define CHUNK (1 << 17)
#define TIMER UINT32_MAX

static struct sockaddr_in target[MOST_TARGETS];
static u32 targets;
static int poller, timer;

static void add_target(const char *word) {
  const char *colon = strrchr(word, ':');
  if (strncmp(word, "127.0.0.1:", 10) || !colon || targets == MOST_TARGETS) {
    fprintf(stderr, "generator: a target is 127.0.0.1:PORT, and there are at most %d\n", MOST_TARGETS);
    exit(2);
  }
  struct sockaddr_in *t = &target[targets++];
  t->sin_family = AF_INET;
  t->sin_port = htons(atoi(colon + 1));
  t->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void open_net(char *words) {
  for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) add_target(word);
  poller = epoll_create1(0);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event ticks = {.events = EPOLLIN, .data.u32 = TIMER};
  if (poller < 0 || timer < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, timer, &ticks)) die("epoll");
}

// -- out ------------------------------------------------------------------------------------------------------

static void make_room(buffer *b, u32 more) {
  if (b->length + more <= b->room) return;
  b->room = (b->length + more) * 2;
  b->bytes = realloc(b->bytes, b->room);
  if (!b->bytes) die("memory");
}

static void append(buffer *b, const void *bytes, u32 length) {
  make_room(b, length);
  memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
}

static void empty(buffer *b) {
  free(b->bytes);
  memset(b, 0, sizeof *b);
}

static void watch(connection *c, bool to_write) {
  if (c->wants_to_write == to_write) return;
  c->wants_to_write = to_write;
  struct epoll_event wanted = {.events = EPOLLIN | (to_write ? EPOLLOUT : 0), .data.u32 = c - people};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &wanted);
}

static void flush(connection *c) {
  while (c->written < c->out.length) {
    ssize_t sent = send(c->fd, c->out.bytes + c->written, c->out.length - c->written, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return watch(c, true);
    if (sent < 0) return lose(c, strerror(errno));
    c->written += sent;
  }
  empty(&c->out);
  c->written = 0;
  watch(c, false);
}

static void send_bytes(connection *c, const void *bytes, u32 length) {
  ssize_t sent = 0;
  if (!c->out.length) {
    sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length) return;
    if (sent < 0 && errno != EAGAIN) return lose(c, strerror(errno));
    if (sent < 0) sent = 0;
  }
  append(&c->out, (const u8 *)bytes + sent, length - sent);
  watch(c, true);
}

// A key as random as a browser's: Node's ws skips the unmasking when the key is zero.
static u32 next_key(void) {
  static u32 key = 2463534242u;
  key ^= key << 13;
  key ^= key >> 17;
  return key ^= key << 5;
}

static void send_frame(connection *c, int opcode, const u8 *bytes, u32 length) {
  static u8 frame[1 << 16];
  u32 at = 2, key = next_key();
  if (length > sizeof frame - 8) die("a frame that long");
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

// -- coming and going -----------------------------------------------------------------------------------------

void dial(connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c->state = DIALLING;
  c->attempted = c->heard = now();
  c->next_ack = c->waiting = 0;
  c->wants_to_write = true;
  struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT, .data.u32 = c - people};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &wanted);
  struct sockaddr_in *where = &target[c->target % targets];
  if (connect(c->fd, (struct sockaddr *)where, sizeof *where) && errno != EINPROGRESS) lose(c, strerror(errno));
}

void hang_up(connection *c) {
  if (c->state == AWAY) return;
  if (c->state == READY) ready--;
  close(c->fd);
  c->state = AWAY;
  c->written = 0;
  empty(&c->in);
  empty(&c->out);
}

void lose(connection *c, const char *why) {
  static int said;
  if (c->state == AWAY) return;
  if (!stopping && said++ < 3) fprintf(stderr, "generator: a connection is lost: %s\n", why);
  hang_up(c);
  total.lost++;
  on_lost(c);
}

// As a browser asks for it; the servers that are measured here all decline to compress.
static void ask_for_upgrade(connection *c) {
  char request[1024];
  int length = snprintf(
      request, sizeof request,
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
      "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUpgrade: websocket\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n"
      "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n%s%s%s\r\n",
      ntohs(target[c->target % targets].sin_port), *c->cookie ? "Cookie: " : "", c->cookie, *c->cookie ? "\r\n" : "");
  c->state = UPGRADING;
  send_bytes(c, request, length);
}

static void connected(connection *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return lose(c, strerror(error));
  watch(c, false);
  ask_for_upgrade(c);
}

// -- in -------------------------------------------------------------------------------------------------------

// How many bytes of the answer to the upgrade have been used; 0 when it is not whole yet.
static u32 take_upgrade(connection *c, const u8 *bytes, u32 length) {
  const u8 *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (memcmp(bytes, "HTTP/1.1 101", 12)) {
    lose(c, "the upgrade was refused");
    return 0;
  }
  if (memmem(bytes, end - bytes, "permessage-deflate", 18)) {
    fprintf(stderr, "generator: the server compresses, which is not spoken here\n");
    exit(1);
  }
  c->state = OPENING;
  return end + 4 - bytes;
}

// The header's length and the payload's; false when the frame's head is not whole yet.
static bool measure_frame(const u8 *bytes, u32 length, u32 *head, u32 *payload) {
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

static void goodbye(connection *c, const u8 *payload, u32 length) {
  char why[40];
  snprintf(why, sizeof why, "the server said goodbye (%d)", length < 2 ? 0 : payload[0] << 8 | payload[1]);
  lose(c, why);
}

static void take_frame(connection *c, int opcode, const u8 *payload, u32 length) {
  switch (opcode) {
    case 1: return hear(c, payload, length);
    case 8: return goodbye(c, payload, length);
    case 9: return send_frame(c, 10, payload, length);
  }
}

// How many bytes have been used.
static u32 take(connection *c, const u8 *bytes, u32 length) {
  u32 used = c->state == UPGRADING ? take_upgrade(c, bytes, length) : 0, head, payload;
  while (c->state > UPGRADING && measure_frame(bytes + used, length - used, &head, &payload)) {
    if (length - used < head + payload) break;
    const u8 *frame = bytes + used;
    used += head + payload;
    take_frame(c, frame[0] & 15, frame + head, payload);
  }
  return used;
}

static void readable(connection *c) {
  static u8 chunk[CHUNK];
  ssize_t got = recv(c->fd, chunk, sizeof chunk, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return lose(c, got ? strerror(errno) : "the server hung up");
  c->heard = now();
  if (!c->in.length) {
    u32 used = take(c, chunk, got);
    if (c->state != AWAY && used < got) append(&c->in, chunk + used, got - used);
    return;
  }
  append(&c->in, chunk, got);
  u32 used = take(c, c->in.bytes, c->in.length);
  if (c->state == AWAY) return;
  c->in.length -= used;
  memmove(c->in.bytes, c->in.bytes + used, c->in.length);
  if (!c->in.length) empty(&c->in);
}

static void serve(connection *c, u32 events) {
  if (c->state == DIALLING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) return connected(c);
  if (c->state != AWAY && events & EPOLLOUT) flush(c);
  if (c->state != AWAY && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
}

// One turn of the loop.
void pump(int ms) {
  struct epoll_event events[512];
  int count = epoll_wait(poller, events, 512, ms);
  u64 ticks;
  for (int i = 0; i < count; i++) {
    if (events[i].data.u32 != TIMER) {
      serve(&people[events[i].data.u32], events[i].events);
    } else if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) {
      die("timer");
    }
  }
}

// The next turn ends at this moment at the latest; epoll's own patience counts in milliseconds.
void wake_at(u64 moment) {
  struct itimerspec at = {.it_value = {moment / SECOND, moment % SECOND}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}
