/* LD_PRELOAD: each fsync and fdatasync takes TSE_BENCH_SYNC_US microseconds longer, as on a disk that is further away.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int sync_function(int);

static int later(const char *name, int file) {
  const char *const given = getenv("TSE_BENCH_SYNC_US");
  const long us = given != NULL ? atol(given) : 0;
  const struct timespec pause = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&pause, NULL);
  return ((sync_function *)dlsym(RTLD_NEXT, name))(file);
}

int fdatasync(int file) { return later("fdatasync", file); }
int fsync(int file) { return later("fsync", file); }
