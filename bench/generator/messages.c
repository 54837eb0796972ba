// Clients send messages: `relay` in a closed loop, `rate` in an open loop.
#include "generator.h"

#include <math.h>
#include <sys/resource.h>

#define DRAIN_LIMIT_S 10

// What the measured time took. The counters hold their value at the start until `finish` makes them a difference.
typedef struct {
  u64 started_at, scheduled, relayed, events;
  double elapsed_s, server_cpu_s, other_cpu_s, own_cpu_s;
} measurement;

static void send_from_all_visitors(void) {
  for (u32 i = agent_count; i < connection_count; i++) send_from_visitor(i, now());
}

// Visitors send half of messages_per_s; the other half are the agents' answers.
static void send_at_random_times(double duration_s) {
  static double scheduled;
  static u32 turn;
  u64 start = now();
  if (scheduled < start) scheduled = start;
  while (seconds_since(start) < duration_s) {
    while ((u64)scheduled <= now()) {
      send_from_visitor(agent_count + turn++ % (connection_count - agent_count), (u64)scheduled);
      scheduled += -log(1 - random_unit()) * 2e9 / messages_per_s;
    }
    set_timer((u64)scheduled);
    poll_once(20);
  }
}

// Waits until every message sent is acknowledged and delivered, for DRAIN_LIMIT_S at most.
static void drain(void) {
  u64 start = now();
  while (seconds_since(start) < DRAIN_LIMIT_S &&
         (total.acked + total.refused < total.sent || total.delivered < total.sent)) {
    poll_once(20);
  }
}

static double own_cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static measurement begin(void) {
  return (measurement){
      .scheduled = total.sent + total.skipped,
      .relayed = total.delivered,
      .events = total.other_events,
      .started_at = now(),
      .server_cpu_s = cpu_seconds(server_pids),
      .other_cpu_s = cpu_seconds(other_pids),
      .own_cpu_s = own_cpu_seconds(),
  };
}

static void finish(measurement *m) {
  m->elapsed_s = seconds_since(m->started_at);
  m->relayed = total.delivered - m->relayed;
  m->events = total.other_events - m->events;
  m->scheduled = total.sent + total.skipped - m->scheduled;
  m->server_cpu_s = cpu_seconds(server_pids) - m->server_cpu_s;
  m->other_cpu_s = cpu_seconds(other_pids) - m->other_cpu_s;
  m->own_cpu_s = own_cpu_seconds() - m->own_cpu_s;
}

static void print_counts(void) {
  const counts *t = &total;
  printf(",\"sent\":%lu,\"acked\":%lu,\"refused\":%lu", t->sent, t->acked, t->refused);
  printf(",\"stray_acks\":%lu,\"delivered\":%lu,\"duplicates\":%lu", t->stray_acks, t->delivered, t->duplicates);
  printf(",\"skipped\":%lu,\"lost\":%lu,\"lost_while_connecting\":%lu", t->skipped, t->lost, t->lost_while_connecting);
}

static void print_measurement(const measurement *m) {
  printf("{\"elapsed_s\":%.3f,\"scheduled\":%lu,\"relayed\":%lu", m->elapsed_s, m->scheduled, m->relayed);
  printf(",\"cpu_s\":%.3f,\"other_cpu_s\":%.3f", m->server_cpu_s, m->other_cpu_s);
  printf(",\"generator_cpu_s\":%.3f,\"other_events\":%lu", m->own_cpu_s, m->events);
  printf(",\"memory_kb\":%ld", memory_kb(server_pids));
  print_counts();
  print_samples("to_agent", &to_agent);
  print_samples("to_visitor", &to_visitor);
  print_samples("to_ack", &to_ack);
  printf("}\n");
}

int run_messages(bool open_loop) {
  if (!connect_all()) return 1;
  run_for(0.3);
  closed_loop = !open_loop;
  if (open_loop) send_at_random_times(warm_up_s);
  else send_from_all_visitors(), run_for(warm_up_s);

  measuring = true;
  measurement result = begin();
  if (open_loop) send_at_random_times(measure_s);
  else run_for(measure_s);
  finish(&result);
  // A message that was scheduled in time and arrives late still adds its latency; clients send no more meanwhile.
  stopping = true;
  drain();
  print_measurement(&result);
  return 0;
}
