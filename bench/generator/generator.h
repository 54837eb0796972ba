// Declarations shared by the load generator's files. One thread, one epoll, no allocation per message.
//
//   main.c         the options, the clients file, and connecting all clients
//   messages.c     the subcommands relay and rate: clients send messages
//   connections.c  the subcommands idle and reconnect: many clients are connected at once
//   sockets.c      TCP connect, the WebSocket upgrade, frames in and out
//   protocol.c     the product's protocol: connect, hello, set_presence, send_message, acks and events
//   measure.c      the clock, random numbers, CPU and memory of other processes, and samples
//
// The generator connects to loopback only, and a time limit ends each of its steps.
#pragma once
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define SECOND 1000000000ull
// A connection with so many unacknowledged messages sends nothing until an ack arrives.
#define MAX_UNACKED 256
#define CONNECT_LIMIT_S 180  // for all connections together

enum role { VISITOR, AGENT };
enum state { DISCONNECTED, CONNECTING, UPGRADING, AWAITING_OPEN, AWAITING_NAMESPACE, AWAITING_HELLO, READY };

typedef struct {
  u8 *bytes;
  u32 length, capacity;
} buffer;

typedef struct {
  int fd;
  enum role role;
  enum state state;
  bool watches_writable;
  u32 target;  // index of the server address
  const char *auth, *cookie, *ticket;
  u32 agent;  // for a visitor: the index of the agent's connection
  buffer in, out;
  u32 written;  // bytes of `out` that were sent already
  u32 next_ack, unacked;
  u64 *sent_at;  // at i % MAX_UNACKED: when the message with ack number i was sent; 0 after its ack
  u64 attempt_at, received_at;  // when the last connect began, when bytes last arrived
  u32 failures;  // connects that failed in a row
  u64 retry_at;  // when to connect again
} connection;

// One direction of a conversation. `seen` has a bit for each of the 64 numbers up to `highest`, to find duplicates.
typedef struct {
  u32 sent, highest;
  u64 seen;
} direction;

typedef struct {
  u32 *us;
  u64 count, capacity;
} samples;

typedef struct {
  u64 sent, acked, refused;
  u64 stray_acks;  // acks to no unacknowledged message
  u64 delivered, duplicates;
  u64 skipped;  // messages not sent because MAX_UNACKED acks were missing
  u64 lost, lost_while_connecting;  // connections
  u64 other_events;
} counts;

extern connection *connections;
extern u32 connection_count, agent_count, ready_count;
extern counts total;
extern samples to_agent, to_visitor, to_ack, to_hello;
extern bool measuring, stopping, closed_loop;
extern int text_length;
extern double warm_up_s, measure_s, messages_per_s;
extern const char *server_pids, *other_pids;

// measure.c
u64 now(void);
double seconds_since(u64 moment);
double random_unit(void);
void fail(const char *what);
void add_sample(samples *s, u64 ns);
void print_samples(const char *name, const samples *s);
double cpu_seconds(const char *pids);
long memory_kb(const char *pids);

// sockets.c
void init_sockets(char *addresses);
void open_connection(connection *c);
void close_connection(connection *c);
void connection_lost(connection *c, const char *reason);
void send_text(connection *c, const char *text, u32 length);
void poll_once(int ms);
void set_timer(u64 moment);

// protocol.c
void init_protocol(void);
void receive_packet(connection *c, const u8 *text, u32 length);
void send_from_visitor(u32 index, u64 moment);

// main.c
bool connect_all(void);
void run_for(double duration_s);

// messages.c
int run_messages(bool open_loop);

// connections.c
int run_idle(void);
int run_reconnect(void);
void schedule_reconnect(connection *c);
