// The load generator: what its files share. One thread, one epoll, no allocation for a message.
//
//   main.c     options, who plays, and the plays in which people talk: relay and rate
//   crowd.c    the plays of many who are there at once: crowd and back
//   net.c      sockets: dialling, the upgrade, frames in and out
//   talk.c     the product's protocol: connect, hello, set_presence, send_message, acks and events
//   measure.c  the clock, chance, CPU and memory of other processes, and the samples that are printed
//
// It speaks to loopback only, and everything it does ends by a time limit.
#pragma once
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define SECOND 1000000000ull
// Acks that one connection may wait for; who waits for more is not sent anything until some have come.
#define ACKS 256
#define COMING_S 180

enum role { VISITOR, AGENT };
enum state { AWAY, DIALLING, UPGRADING, OPENING, JOINING, GREETING, READY };

typedef struct {
  u8 *bytes;
  u32 length, room;
} buffer;

typedef struct {
  int fd;
  enum role role;
  enum state state;
  bool wants_to_write;
  u32 target;
  const char *auth, *cookie, *ticket;
  u32 agent;  // of a visitor: the index of the connection that answers
  buffer in, out;
  u32 written;
  u32 next_ack, waiting;
  u64 *asked;  // when the message was sent that waits for ack number i, by i % ACKS
  u64 attempted, heard;
  u32 failures;
  u64 due;  // when to dial again
} connection;

// Numbers of one direction of a conversation, to tell what came twice from what came.
typedef struct {
  u32 sent, highest;
  u64 seen;
} direction;

typedef struct {
  u32 *us;
  u64 count, room;
} samples;

typedef struct {
  u64 sent, acked, refused, stray_acks, delivered, doubled, held, lost, shed, other_events;
} counts;

extern connection *people;
extern u32 population, agents, ready;
extern counts total;
extern samples to_agent, to_visitor, to_ack, to_hello;
extern bool measuring, stopping, answers_go_on;
extern int text_length;
extern double seconds;
extern const char *servers;

// measure.c
u64 now(void);
double since(u64 moment);
double chance(void);
void die(const char *what);
void add_sample(samples *s, u64 ns);
void print_samples(const char *name, const samples *s);
double cpu_seconds(const char *pids);
long memory_kb(const char *pids);

// net.c
void open_net(char *targets);
void dial(connection *c);
void hang_up(connection *c);
void lose(connection *c, const char *why);
void send_text(connection *c, const char *text, u32 length);
void pump(int ms);
void wake_at(u64 moment);

// talk.c
void open_talk(void);
void hear(connection *c, const u8 *text, u32 length);
void visitor_says(u32 index, u64 moment);

// main.c
bool everybody_comes(void);
void pass(double time);

// crowd.c
int play_crowd(void);
int play_back(void);
void on_lost(connection *c);
