// The options, and the four things that the generator can play.
//
//   generator relay -f PEOPLE -t TARGETS [-d s] [-W s]      closed loop: who is answered speaks again
//   generator rate  -f PEOPLE -t TARGETS -r PER_S           open loop: Poisson, late when the server is late
//   generator crowd -f PEOPLE -t TARGETS [-d s]             come, say hello, be idle, all leave at once
//   generator back  -f PEOPLE -t TARGETS                    come, lose the server, come back as our client does
//
// PEOPLE has a connection a line, agents first: role, target, agent, auth, cookie and ticket, with tabs between
// them. -p and -q name processes whose CPU is told; memory is that of the first of -p. The answer is one JSON object on stdout.
#include "generator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COMING_S 90
#define DRAIN_S 10
#define AFTER_CLOSING_S 60
#define QUIET_S 1.5
#define PROMPT_MS 50
#define HANDSHAKE_S 5  // client/link.ts
#define SHORTEST_MS 500  // client/socket.ts
#define LONGEST_MS 30000

connection *people;
u32 population, agents, ready;
counts total;
samples to_agent, to_visitor, to_ack, to_hello;
bool measuring, stopping, answers_go_on;
int text_length = 100;

static double seconds = 5, warm = 5, rate = 1000;
static u32 at_once = 50;
static const char *servers, *others;
static bool coming_back;
static u64 first_lost;

static double since(u64 moment) { return (now() - moment) / 1e9; }

static double chance(void) {
  static u64 state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 11) / 9007199254740992.0;
}

// -- who plays ------------------------------------------------------------------------------------------------

static char *field(char **line) {
  char *word = strsep(line, "\t\n");
  if (!word) {
    fprintf(stderr, "generator: a line of the people's file has six fields\n");
    exit(2);
  }
  return strdup(word);
}

static void read_person(connection *c, char *line) {
  c->role = *field(&line) == 'a' ? AGENT : VISITOR;
  c->target = atoi(field(&line));
  c->agent = atoi(field(&line));
  c->auth = field(&line);
  c->cookie = field(&line);
  c->ticket = field(&line);
  c->asked = calloc(ACKS, sizeof *c->asked);
  agents += c->role == AGENT;
}

static void read_people(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) die(path);
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, file) > 0) {
    if (!(population % 1024)) people = realloc(people, (population + 1025) * sizeof *people);
    if (!people) die("memory");
    memset(&people[population], 0, 2 * sizeof *people);  // one more than asked for: the probe of `crowd`
    read_person(&people[population++], line);
  }
  free(line);
  fclose(file);
}

// As many handshakes at once as was said; false when not everybody has said hello in time.
static bool everybody_comes(void) {
  u64 start = now();
  u32 next = 0;
  while (ready + total.lost < population && since(start) < COMING_S) {
    while (next < population && next - ready - total.lost < at_once) dial(&people[next++]);
    pump(20);
  }
  if (ready < population) fprintf(stderr, "generator: only %u of %u have come\n", ready, population);
  return ready == population;
}

static void pass(double time) {
  u64 start = now();
  while (since(start) < time) pump(20);
}

void on_lost(connection *c) {
  if (!coming_back) return;
  if (!first_lost) first_lost = now();
  double full = fmin(LONGEST_MS, SHORTEST_MS * pow(2, c->failures++));
  c->due = now() + (u64)(fmax(SHORTEST_MS, full * (0.5 + chance() / 2)) * 1e6);
}

// -- relay and rate -------------------------------------------------------------------------------------------

static void everybody_speaks(void) {
  for (u32 i = agents; i < population; i++) visitor_says(i, now());
}

// Half of what is relayed are visitors' messages, the other half their agents' answers.
static void speak_by_chance(double time) {
  static double due;
  static u32 turn;
  u64 start = now();
  if (due < start) due = start;
  while (since(start) < time) {
    while ((u64)due <= now()) {
      visitor_says(agents + turn++ % (population - agents), (u64)due);
      due += -log(1 - chance()) * 2e9 / rate;
    }
    wake_at((u64)due);
    pump(20);
  }
}

static void all_is_told(void) {
  u64 start = now();
  while ((total.acked + total.refused < total.sent || total.delivered < total.sent) && since(start) < DRAIN_S) pump(20);
}

static void print_counts(void) {
  printf(",\"sent\":%lu,\"acked\":%lu,\"refused\":%lu,\"stray_acks\":%lu", total.sent, total.acked, total.refused, total.stray_acks);
  printf(",\"delivered\":%lu,\"doubled\":%lu,\"held\":%lu,\"lost\":%lu", total.delivered, total.doubled, total.held, total.lost);

}

static double own_cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int play_talk(bool open_loop) {
  if (!everybody_comes()) return 1;
  pass(0.3);
  answers_go_on = !open_loop;
  if (open_loop) speak_by_chance(warm);
  else everybody_speaks(), pass(warm);

  measuring = true;
  counts before = total;
  u64 start = now();
  double cpu = cpu_seconds(servers), other_cpu = cpu_seconds(others), own = own_cpu();
  if (open_loop) speak_by_chance(seconds);
  else pass(seconds);
  double elapsed = since(start);
  u64 relayed = total.delivered - before.delivered, events = total.other_events - before.other_events;
  u64 due = total.sent + total.held - before.sent - before.held;
  cpu = cpu_seconds(servers) - cpu;
  other_cpu = cpu_seconds(others) - other_cpu;
  own = own_cpu() - own;
  // What was due in time and comes late still counts as a latency, without more being said meanwhile.
  stopping = true;
  all_is_told();

  printf("{\"elapsed_s\":%.3f,\"due\":%lu,\"relayed\":%lu", elapsed, due, relayed);
  printf(",\"cpu_s\":%.3f,\"other_cpu_s\":%.3f", cpu, other_cpu);
  printf(",\"generator_cpu_s\":%.3f,\"other_events\":%lu,\"memory_kb\":%ld", own, events, memory_kb(servers));
  print_counts();
  print_samples("to_agent", &to_agent);
  print_samples("to_visitor", &to_visitor);
  print_samples("to_ack", &to_ack);
  printf("}\n");
  return 0;
}

// -- crowd ----------------------------------------------------------------------------------------------------

// How long one stranger waits for hello, in ms, at most until the moment `limit`.
static double probe(u64 limit) {
  connection *stranger = &people[population];
  u32 before = ready;
  dial(stranger);
  u64 start = stranger->attempted;
  while (stranger->state != AWAY && stranger->state != READY && now() < limit) pump(5);
  double waited = since(start) * 1000;
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

static int play_crowd(void) {
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
  printf("{\"people\":%u,\"came_s\":%.2f,\"coming_cpu_s\":%.3f,\"empty_kb\":%ld,\"full_kb\":%ld,\"end_kb\":%ld", ready, came_s, coming_cpu, empty_kb, full_kb, end_kb);
  printf(",\"idle_s\":%.2f,\"idle_cpu_s\":%.3f,\"lost\":%lu", idle_s, idle_cpu, total.lost);

  stopping = true;
  people[population] = people[population - 1];
  people[population].state = AWAY;
  memset(&people[population].in, 0, 2 * sizeof(buffer));
  cpu = cpu_seconds(servers);
  start = now();
  for (u32 i = 0; i < population; i++) hang_up(&people[i]);
  double slowest = 0, free_s = until_prompt(start, &slowest);
  printf(",\"free_s\":%.3f,\"slowest_probe_ms\":%.1f,\"closing_cpu_s\":%.3f}\n", free_s, slowest, cpu_seconds(servers) - cpu);
  return 0;
}

// -- back -----------------------------------------------------------------------------------------------------

static void dial_who_is_due(void) {
  u64 moment = now();
  for (u32 i = 0; i < population; i++) {
    connection *c = &people[i];
    if (c->state == AWAY && c->due <= moment) dial(c);
    else if (c->state != AWAY && c->state != READY && moment - c->heard > HANDSHAKE_S * SECOND) lose(c, "silence");
  }
}

static int play_back(void) {
  if (!everybody_comes()) return 1;
  coming_back = true;
  to_hello.count = 0;
  printf("{\"people\":%u", ready);
  fflush(stdout);
  fprintf(stderr, "here\n");  // whoever started us restarts the server now
  u64 start = now();
  while (!first_lost && since(start) < COMING_S) pump(20);
  stopping = true;  // to be refused is part of it from now on
  while ((ready < population || total.lost < population) && since(start) < COMING_S) {
    dial_who_is_due();
    pump(2);
  }
  printf(",\"back\":%u,\"back_s\":%.2f,\"failed_attempts\":%lu", ready, since(first_lost), total.lost - population);
  print_samples("to_hello", &to_hello);
  printf("}\n");
  return 0;
}

// -- the options ----------------------------------------------------------------------------------------------

static int usage(void) {
  fprintf(stderr, "generator relay|rate|crowd|back -f PEOPLE -t 127.0.0.1:PORT[,…] [-d s] [-W s] [-r n] [-s n] [-c n] [-p pids] [-q pids]\n");
  return 2;
}

int main(int argc, char **argv) {
  if (argc < 2) return usage();
  const char *play = argv[1], *file = NULL;
  char *targets = NULL;
  for (int option; (option = getopt(argc - 1, argv + 1, "f:t:d:W:r:s:c:p:q:")) != -1;) {
    switch (option) {
      case 'f': file = optarg; break;
      case 't': targets = optarg; break;
      case 'd': seconds = atof(optarg); break;
      case 'W': warm = atof(optarg); break;
      case 'r': rate = atof(optarg); break;
      case 's': text_length = atoi(optarg); break;
      case 'c': at_once = atoi(optarg); break;
      case 'p': servers = optarg; break;
      case 'q': others = optarg; break;
      default: return usage();
    }
  }
  if (!file || !targets || text_length > 4000) return usage();
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  read_people(file);
  open_net(targets);
  open_talk();
  if (!strcmp(play, "relay")) return play_talk(false);
  if (!strcmp(play, "rate")) return play_talk(true);
  if (!strcmp(play, "crowd")) return play_crowd();
  if (!strcmp(play, "back")) return play_back();
  return usage();
}
