/*
 * callbacks.c: what the library calls, and how it ends. Python ends before the process does: from then on there is
 * nothing to call, and a thread that asks for the interpreter is ended by it (pthread_exit), through frames of C++
 * that would abort the process.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int shut;
static int64_t last_time;

void tspy_shut(void) { __atomic_store_n(&shut, 1, __ATOMIC_SEQ_CST); }

static int is_shut(void) { return __atomic_load_n(&shut, __ATOMIC_SEQ_CST); }

/* Instead of ending: the process does so for it. Python 3.14 does the same. */
static void stay(void *unused) {
  (void)unused;
  for (;;) pause();
}

int64_t tspy_on_clock(void *user_data) {
  if (is_shut()) {
    const int64_t last = __atomic_load_n(&last_time, __ATOMIC_SEQ_CST);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return last ? last : (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
  }
  int64_t now = 0;
  pthread_cleanup_push(stay, NULL);
  now = tspy_clock(user_data);
  pthread_cleanup_pop(0);
  __atomic_store_n(&last_time, now, __ATOMIC_SEQ_CST);
  return now;
}

void tspy_on_id(void *user_data, int32_t kind, uint8_t *uuid16) {
  if (is_shut()) {
    if (getrandom(uuid16, 16, 0) != 16) memset(uuid16, 0, 16);
    return;
  }
  pthread_cleanup_push(stay, NULL);
  tspy_id(user_data, kind, uuid16);
  pthread_cleanup_pop(0);
}

void tspy_on_log(void *user_data, int32_t level, const char *line, size_t size) {
  if (is_shut()) return;
  pthread_cleanup_push(stay, NULL);
  tspy_log(user_data, level, line, size);
  pthread_cleanup_pop(0);
}

void tspy_on_destroy(void *user_data) {
  if (is_shut()) return;
  pthread_cleanup_push(stay, NULL);
  tspy_destroy(user_data);
  pthread_cleanup_pop(0);
}
