// Many clients are connected at once: `idle` connects, waits and closes them; `reconnect` connects them again after
// the server has restarted.
#include "generator.h"

#include <math.h>
#include <string.h>

#define RESPONSIVE_LIMIT_S 60
#define RECONNECT_LIMIT_S 90
#define STABLE_S 0.5  // long enough to notice work still queued, short enough for a machine with other load
#define RESPONSIVE_MS 50
#define HANDSHAKE_S 5  // as in client/transport/websocket_transport.ts
#define SHORTEST_MS 500  // this and LONGEST_MS as in client/transport/connection.ts
#define LONGEST_MS 5000

static bool reconnecting;
static u64 first_lost_at;

// -- idle -----------------------------------------------------------------------------------------------------

// The time in ms in which a new visitor's hello is acknowledged; `limit` is the moment at which to stop waiting.
// A visitor without an ack counts as slower than RESPONSIVE_MS.
static double probe_hello_ms(u64 limit) {
  connection *probe = &connections[connection_count];
  u32 before = ready_count;
  open_connection(probe);
  u64 start = probe->attempt_at;
  while (probe->state != DISCONNECTED && probe->state != READY && now() < limit) poll_once(5);
  double waited_ms = seconds_since(start) * 1000;
  if (probe->state != READY) waited_ms = fmax(waited_ms, RESPONSIVE_MS + 1);
  close_connection(probe);
  ready_count = before;
  return waited_ms;
}

// Seconds from `start` until new visitors get their ack within RESPONSIVE_MS, for STABLE_S on end.
static double seconds_until_responsive(u64 start, double *slowest_ms) {
  u64 responsive_since = start, limit = start + RESPONSIVE_LIMIT_S * SECOND;
  while (seconds_since(responsive_since) < STABLE_S && now() < limit) {
    double waited_ms = probe_hello_ms(limit);
    if (waited_ms > *slowest_ms) *slowest_ms = waited_ms;
    if (waited_ms > RESPONSIVE_MS) responsive_since = now();
  }
  return (responsive_since - start) / 1e9;
}

static void close_all(void) {
  stopping = true;
  // The probe is one more connection with the auth of the last one, and buffers of its own.
  connections[connection_count] = connections[connection_count - 1];
  connections[connection_count].state = DISCONNECTED;
  memset(&connections[connection_count].in, 0, 2 * sizeof(buffer));
  double cpu = cpu_seconds(server_pids);
  u64 start = now();
  for (u32 i = 0; i < connection_count; i++) close_connection(&connections[i]);
  double slowest_ms = 0, responsive_s = seconds_until_responsive(start, &slowest_ms);
  printf(",\"responsive_s\":%.3f,\"slowest_probe_ms\":%.1f", responsive_s, slowest_ms);
  printf(",\"close_cpu_s\":%.3f}\n", cpu_seconds(server_pids) - cpu);
}

int run_idle(void) {
  long empty_kb = memory_kb(server_pids);
  double cpu = cpu_seconds(server_pids);
  u64 start = now();
  if (!connect_all()) return 1;
  double connect_s = seconds_since(start);
  run_for(2);
  double connect_cpu_s = cpu_seconds(server_pids) - cpu;
  long full_kb = memory_kb(server_pids);
  cpu = cpu_seconds(server_pids);
  start = now();
  run_for(measure_s);
  double idle_s = seconds_since(start), idle_cpu_s = cpu_seconds(server_pids) - cpu;
  long end_kb = memory_kb(server_pids);
  printf("{\"connections\":%u,\"connect_s\":%.2f,\"connect_cpu_s\":%.3f", ready_count, connect_s, connect_cpu_s);
  printf(",\"empty_kb\":%ld,\"full_kb\":%ld,\"end_kb\":%ld", empty_kb, full_kb, end_kb);
  printf(",\"idle_s\":%.2f,\"idle_cpu_s\":%.3f", idle_s, idle_cpu_s);
  printf(",\"lost\":%lu,\"lost_while_connecting\":%lu", total.lost, total.lost_while_connecting);
  close_all();
  return 0;
}

// -- reconnect ------------------------------------------------------------------------------------------------

// Sets the wait before the next attempt, as `backoff` of client/transport/connection.ts does.
void schedule_reconnect(connection *c) {
  if (reconnecting && !first_lost_at) first_lost_at = now();
  double full = fmin(LONGEST_MS, SHORTEST_MS * pow(2, c->failures++));
  c->retry_at = now() + (u64)(fmax(SHORTEST_MS, full * (0.5 + random_unit() / 2)) * 1e6);
}

static bool handshake_timed_out(const connection *c, u64 moment) {
  return c->state != DISCONNECTED && c->state != READY && moment - c->received_at > HANDSHAKE_S * SECOND;
}

static void open_due_connections(void) {
  u64 moment = now();
  for (u32 i = 0; i < connection_count; i++) {
    connection *c = &connections[i];
    if (c->state == DISCONNECTED && c->retry_at <= moment) open_connection(c);
    else if (handshake_timed_out(c, moment)) connection_lost(c, "the handshake timed out");
  }
}

int run_reconnect(void) {
  if (!connect_all()) return 1;
  reconnecting = true;
  to_hello.count = total.lost = 0;
  printf("{\"connections\":%u", ready_count);
  fflush(stdout);
  fprintf(stderr, "connected\n");  // the parent process restarts the server when it reads this
  u64 start = now();
  while (!first_lost_at && seconds_since(start) < CONNECT_LIMIT_S) poll_once(20);
  stopping = true;  // from now on a refused connection is expected and not reported
  while ((ready_count < connection_count || total.lost < connection_count) &&
         seconds_since(start) < RECONNECT_LIMIT_S) {
    open_due_connections();
    poll_once(2);
  }
  printf(",\"reconnected\":%u,\"reconnect_s\":%.2f", ready_count, seconds_since(first_lost_at));
  printf(",\"failed_attempts\":%lu", total.lost - connection_count);
  print_samples("to_hello", &to_hello);
  printf("}\n");
  return 0;
}
