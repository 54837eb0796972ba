// The clock, random numbers, CPU and memory of other processes, and samples.
#include "generator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

u64 now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

double seconds_since(u64 moment) { return (now() - moment) / 1e9; }

// A pseudo-random number in [0, 1); every run gets the same sequence.
double random_unit(void) {
  static u64 state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 11) / 9007199254740992.0;
}

void fail(const char *what) {
  fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
  exit(1);
}

void add_sample(samples *s, u64 ns) {
  if (s->count == s->capacity) {
    s->capacity = s->capacity ? s->capacity * 2 : 1 << 14;
    s->us = realloc(s->us, s->capacity * sizeof *s->us);
    if (!s->us) fail("memory");
  }
  u64 us = ns / 1000;
  s->us[s->count++] = us > UINT32_MAX ? UINT32_MAX : us;
}

// Prints every sample in us: bench/stats.py computes the percentiles.
void print_samples(const char *name, const samples *s) {
  printf(",\"%s\":[", name);
  for (u64 i = 0; i < s->count; i++) printf(i ? ",%u" : "%u", s->us[i]);
  printf("]");
}

static FILE *open_proc(const char *pid, const char *file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", atoi(pid), file);
  return fopen(path, "r");
}

static double cpu_of(const char *pid) {
  FILE *stat = open_proc(pid, "stat");
  if (!stat) return 0;
  char text[1024];
  text[fread(text, 1, sizeof text - 1, stat)] = 0;
  fclose(stat);
  unsigned long user = 0, kernel = 0;
  const char *after_name = strrchr(text, ')');
  if (after_name) sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
  return (user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static long memory_of(const char *pid) {
  FILE *statm = open_proc(pid, "statm");
  if (!statm) return 0;
  long resident = 0;
  if (fscanf(statm, "%*d %ld", &resident) != 1) resident = 0;
  fclose(statm);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

// The user and system time in seconds of these processes ("12,34") with all their threads.
double cpu_seconds(const char *pids) {
  double sum = 0;
  for (const char *pid = pids; pid && *pid; pid = strchr(pid, ',') ? strchr(pid, ',') + 1 : NULL) sum += cpu_of(pid);
  return sum;
}

// The resident memory in kB of the first process only: the others may be an embedded Valkey.
long memory_kb(const char *pids) { return pids ? memory_of(pids) : 0; }
