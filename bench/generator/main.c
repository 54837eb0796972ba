// The options, and the four things that the generator can play.
//
//   generator relay -f PEOPLE -t TARGETS [-d s] [-W s]      closed loop: who is answered speaks again
//   generator rate  -f PEOPLE -t TARGETS -r PER_S           open loop: Poisson, late when the server is late
//   generator crowd -f PEOPLE -t TARGETS [-d s]             come, say hello, be idle, all leave at once
//   generator back  -f PEOPLE -t TARGETS                    come, lose the server, come back as our client does
//
// PEOPLE has a connection a line, agents first: role, target, agent, auth, cookie and ticket, with tabs between
// them. -p and -q name processes whose CPU is told; memory is that of the first of -p. The answer is one JSON object
// on stdout.
#include "generator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DRAIN_S 10

connection *people;
u32 population, agents, ready;
counts total;
samples to_agent, to_visitor, to_ack, to_hello;
bool measuring, stopping, answers_go_on;
int text_length = 100;

double seconds = 5;
const char *servers;
static double warm = 5, rate = 1000;
static u32 at_once = 50;
static const char *others;

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

static void dial_some(void) {
  u32 coming = 0;
  u64 moment = now();
  for (u32 i = 0; i < population; i++) coming += people[i].state != AWAY && people[i].state != READY;
  for (u32 i = 0; i < population && coming < at_once; i++) {
    if (people[i].state != AWAY || people[i].due > moment) continue;
    dial(&people[i]);
    coming++;
  }
}

// As many handshakes at once as was said; who is sent away comes back. False when not everybody has said hello in
// time, or nobody at all is let in.
bool everybody_comes(void) {
  u64 start = now();
  while (ready < population && since(start) < COMING_S && (ready || total.lost < population)) {
    dial_some();
    pump(20);
  }
  if (ready < population) fprintf(stderr, "generator: only %u of %u have come\n", ready, population);
  total.shed = total.lost;
  total.lost = 0;
  return ready == population;
}

void pass(double time) {
  u64 start = now();
  while (since(start) < time) pump(20);
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
  const counts *t = &total;
  printf(",\"sent\":%lu,\"acked\":%lu,\"refused\":%lu", t->sent, t->acked, t->refused);
  printf(",\"stray_acks\":%lu,\"delivered\":%lu,\"doubled\":%lu", t->stray_acks, t->delivered, t->doubled);
  printf(",\"held\":%lu,\"lost\":%lu,\"shed\":%lu", t->held, t->lost, t->shed);

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

// -- the options ----------------------------------------------------------------------------------------------

static int usage(void) {
  fprintf(stderr,
          "generator relay|rate|crowd|back -f PEOPLE -t 127.0.0.1:PORT[,127.0.0.1:PORT]\n"
          "  [-d s] [-W s] [-r n] [-s n] [-c n] [-p pids] [-q pids]; the first lines of main.c say what they mean\n");
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
