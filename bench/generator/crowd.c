// Many who are there at once: `crowd` comes, is idle and leaves; `back` loses the server and comes back.
#include "generator.h"

#include <math.h>
#include <string.h>

#define AFTER_CLOSING_S 60
#define BACK_S 90
#define QUIET_S 0.5  // long enough to see what was still coming, short enough for a machine that does other things
#define PROMPT_MS 50
#define HANDSHAKE_S 5  // as in client/link.ts
#define SHORTEST_MS 500  // these two as in client/socket.ts
#define LONGEST_MS 5000

static bool coming_back;
static u64 first_lost;

// -- crowd ----------------------------------------------------------------------------------------------------

// How long one stranger waits for hello, in ms, at most until the moment `limit`. Not to be let in is never prompt.
static double probe(u64 limit) {
  connection *stranger = &people[population];
  u32 before = ready;
  dial(stranger);
  u64 start = stranger->attempted;
  while (stranger->state != AWAY && stranger->state != READY && now() < limit) pump(5);
  double waited = since(start) * 1000;
  if (stranger->state != READY) waited = fmax(waited, PROMPT_MS + 1);
  hang_up(stranger);
  ready = before;
  return waited;
}

// Seconds from `start` until strangers are answered promptly again, and stay so.
static double until_prompt(u64 start, double *slowest) {
  u64 free_since = start, limit = start + AFTER_CLOSING_S * SECOND;
  while (since(free_since) < QUIET_S && now() < limit) {
    double waited = probe(limit);
    if (waited > *slowest) *slowest = waited;
    if (waited > PROMPT_MS) free_since = now();
  }
  return (free_since - start) / 1e9;
}

int play_crowd(void) {
  long empty_kb = memory_kb(servers);
  double cpu = cpu_seconds(servers);
  u64 start = now();
  if (!everybody_comes()) return 1;
  double came_s = since(start);
  pass(2);
  double coming_cpu = cpu_seconds(servers) - cpu;
  long full_kb = memory_kb(servers);
  cpu = cpu_seconds(servers);
  start = now();
  pass(seconds);
  double idle_s = since(start), idle_cpu = cpu_seconds(servers) - cpu;
  long end_kb = memory_kb(servers);
  printf("{\"people\":%u,\"came_s\":%.2f,\"coming_cpu_s\":%.3f", ready, came_s, coming_cpu);
  printf(",\"empty_kb\":%ld,\"full_kb\":%ld,\"end_kb\":%ld", empty_kb, full_kb, end_kb);
  printf(",\"idle_s\":%.2f,\"idle_cpu_s\":%.3f,\"lost\":%lu,\"shed\":%lu", idle_s, idle_cpu, total.lost, total.shed);

  stopping = true;
  people[population] = people[population - 1];
  people[population].state = AWAY;
  memset(&people[population].in, 0, 2 * sizeof(buffer));
  cpu = cpu_seconds(servers);
  start = now();
  for (u32 i = 0; i < population; i++) hang_up(&people[i]);
  double slowest = 0, free_s = until_prompt(start, &slowest);
  printf(",\"free_s\":%.3f,\"slowest_probe_ms\":%.1f", free_s, slowest);
  printf(",\"closing_cpu_s\":%.3f}\n", cpu_seconds(servers) - cpu);
  return 0;
}

// -- back -----------------------------------------------------------------------------------------------------

// The wait before the next attempt: `backoff` of client/socket.ts.
void on_lost(connection *c) {
  if (coming_back && !first_lost) first_lost = now();
  double full = fmin(LONGEST_MS, SHORTEST_MS * pow(2, c->failures++));
  c->due = now() + (u64)(fmax(SHORTEST_MS, full * (0.5 + chance() / 2)) * 1e6);
}

static void dial_who_is_due(void) {
  u64 moment = now();
  for (u32 i = 0; i < population; i++) {
    connection *c = &people[i];
    if (c->state == AWAY && c->due <= moment) dial(c);
    else if (c->state != AWAY && c->state != READY && moment - c->heard > HANDSHAKE_S * SECOND) lose(c, "silence");
  }
}

int play_back(void) {
  if (!everybody_comes()) return 1;
  coming_back = true;
  to_hello.count = total.lost = 0;
  printf("{\"people\":%u", ready);
  fflush(stdout);
  fprintf(stderr, "here\n");  // whoever started us restarts the server now
  u64 start = now();
  while (!first_lost && since(start) < COMING_S) pump(20);
  stopping = true;  // to be refused is part of it from now on
  while ((ready < population || total.lost < population) && since(start) < BACK_S) {
    dial_who_is_due();
    pump(2);
  }
  printf(",\"back\":%u,\"back_s\":%.2f,\"failed_attempts\":%lu", ready, since(first_lost), total.lost - population);
  print_samples("to_hello", &to_hello);
  printf("}\n");
  return 0;
}
