// The options, the clients file, and connecting all clients.
//
//   generator relay     -f CLIENTS -t ADDRESSES [-d s] [-W s]   closed loop: a client sends when it gets an answer
//   generator rate      -f CLIENTS -t ADDRESSES -r PER_S        open loop: Poisson; latency from the scheduled moment
//   generator idle      -f CLIENTS -t ADDRESSES [-d s]          connect, say hello, wait, close all at once
//   generator reconnect -f CLIENTS -t ADDRESSES                 connect, lose the server, reconnect as our client does
//
// CLIENTS has one connection per line, agents first, with six fields separated by tabs: role (a or v), index of the
// address, index of the agent, auth, cookie and ticket. -d measures so many seconds and -W warms up before, -s is
// the length of a message's text, -c the maximum of simultaneous handshakes. -p and -q name the processes whose CPU
// time is printed; memory is that of the first one of -p. The result is one JSON object on stdout.
#include "generator.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

connection *connections;
u32 connection_count, agent_count, ready_count;
counts total;
samples to_agent, to_visitor, to_ack, to_hello;
bool measuring, stopping, closed_loop;
int text_length = 100;

double warm_up_s = 5, measure_s = 5, messages_per_s = 1000;
const char *server_pids, *other_pids;
static u32 max_handshakes = 50;

// -- the clients file -----------------------------------------------------------------------------------------

static char *next_field(char **row) {
  char *value = strsep(row, "\t\n");
  if (!value) {
    fprintf(stderr, "generator: each line of the clients file needs six fields\n");
    exit(2);
  }
  return strdup(value);
}

static void read_client(connection *c, char *row) {
  c->role = *next_field(&row) == 'a' ? AGENT : VISITOR;
  c->target = atoi(next_field(&row));
  c->agent = atoi(next_field(&row));
  c->auth = next_field(&row);
  c->cookie = next_field(&row);
  c->ticket = next_field(&row);
  c->sent_at = calloc(MAX_UNACKED, sizeof *c->sent_at);
  agent_count += c->role == AGENT;
}

static void read_clients(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  char *row = NULL;
  size_t capacity = 0;
  while (getline(&row, &capacity, file) > 0) {
    if (!(connection_count % 1024)) {
      connections = realloc(connections, (connection_count + 1025) * sizeof *connections);
      if (!connections) fail("memory");
    }
    memset(&connections[connection_count], 0, 2 * sizeof *connections);  // one more than needed: the probe of `idle`
    read_client(&connections[connection_count++], row);
  }
  free(row);
  fclose(file);
}

// -- connecting -----------------------------------------------------------------------------------------------

static u32 count_handshakes(void) {
  u32 count = 0;
  for (u32 i = 0; i < connection_count; i++) {
    count += connections[i].state != DISCONNECTED && connections[i].state != READY;
  }
  return count;
}

static void open_some_connections(void) {
  u64 moment = now();
  u32 handshakes = count_handshakes();
  for (u32 i = 0; i < connection_count && handshakes < max_handshakes; i++) {
    if (connections[i].state != DISCONNECTED || connections[i].retry_at > moment) continue;
    open_connection(&connections[i]);
    handshakes++;
  }
}

// Connects all clients, at most max_handshakes at a time, and retries those that the server rejects. Returns false
// when some have no ack of hello after CONNECT_LIMIT_S, or when the server rejected all of them.
bool connect_all(void) {
  u64 start = now();
  while (ready_count < connection_count && seconds_since(start) < CONNECT_LIMIT_S &&
         (ready_count || total.lost < connection_count)) {
    open_some_connections();
    poll_once(20);
  }
  if (ready_count < connection_count) {
    fprintf(stderr, "generator: only %u of %u connected\n", ready_count, connection_count);
  }
  total.lost_while_connecting = total.lost;
  total.lost = 0;
  return ready_count == connection_count;
}

void run_for(double duration_s) {
  u64 start = now();
  while (seconds_since(start) < duration_s) poll_once(20);
}

// -- the options ----------------------------------------------------------------------------------------------

static int usage(void) {
  fprintf(stderr,
          "generator relay|rate|idle|reconnect -f CLIENTS -t 127.0.0.1:PORT[,127.0.0.1:PORT]\n"
          "  [-d s] [-W s] [-r n] [-s n] [-c n] [-p pids] [-q pids]; main.c explains them in its first lines\n");
  return 2;
}

static void raise_file_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const char *subcommand) {
  if (!strcmp(subcommand, "relay")) return run_messages(false);
  if (!strcmp(subcommand, "rate")) return run_messages(true);
  if (!strcmp(subcommand, "idle")) return run_idle();
  if (!strcmp(subcommand, "reconnect")) return run_reconnect();
  return usage();
}

int main(int argc, char **argv) {
  if (argc < 2) return usage();
  const char *clients_file = NULL;
  char *addresses = NULL;
  for (int option; (option = getopt(argc - 1, argv + 1, "f:t:d:W:r:s:c:p:q:")) != -1;) {
    switch (option) {
      case 'f': clients_file = optarg; break;
      case 't': addresses = optarg; break;
      case 'd': measure_s = atof(optarg); break;
      case 'W': warm_up_s = atof(optarg); break;
      case 'r': messages_per_s = atof(optarg); break;
      case 's': text_length = atoi(optarg); break;
      case 'c': max_handshakes = atoi(optarg); break;
      case 'p': server_pids = optarg; break;
      case 'q': other_pids = optarg; break;
      default: return usage();
    }
  }
  if (!clients_file || !addresses || text_length > 4000) return usage();
  raise_file_limit();
  read_clients(clients_file);
  init_sockets(addresses);
  init_protocol();
  return run(argv[1]);
}
