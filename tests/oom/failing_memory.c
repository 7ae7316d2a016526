#define _GNU_SOURCE
#include "failing_memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* What does the work: glibc, or a sanitizer that has taken its place already. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *block, size_t size) __attribute__((weak));
extern void *__interceptor_memalign(size_t alignment, size_t size) __attribute__((weak));
extern void __interceptor_free(void *block) __attribute__((weak));
#define BELOW(function) (__interceptor_##function ? __interceptor_##function : __libc_##function)

static atomic_int armed;
static atomic_long left; /* so many succeed; then so many fail as `times` says */
static atomic_long most;
static atomic_long failed;
static atomic_long live;

static int fails(void) {
  if (!atomic_load_explicit(&armed, memory_order_relaxed)) return 0;
  const long before = atomic_fetch_sub(&left, 1);
  const long times = atomic_load(&most);
  if (before > 0 || (times >= 0 && before <= -times)) return 0;
  atomic_fetch_add(&failed, 1);
  errno = ENOMEM;
  return 1;
}

static void *counted(void *block) {
  if (block != NULL) atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
  return block;
}

void memory_fail(long after, long times) {
  atomic_store(&left, after);
  atomic_store(&most, times);
  atomic_store(&failed, 0);
  atomic_store(&armed, 1);
}

long memory_heal(void) {
  atomic_store(&armed, 0);
  return atomic_load(&failed);
}

long memory_live(void) { return atomic_load(&live); }

#define PUBLIC __attribute__((visibility("default")))

PUBLIC void *malloc(size_t size) { return fails() ? NULL : counted(BELOW(malloc)(size)); }

PUBLIC void *calloc(size_t count, size_t size) { return fails() ? NULL : counted(BELOW(calloc)(count, size)); }

PUBLIC void *realloc(void *block, size_t size) {
  if (block == NULL) return malloc(size);
  if (size == 0) {
    free(block);
    return NULL;
  }
  return fails() ? NULL : BELOW(realloc)(block, size);
}

PUBLIC void *memalign(size_t alignment, size_t size) {
  return fails() ? NULL : counted(BELOW(memalign)(alignment, size));
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

PUBLIC int posix_memalign(void **block, size_t alignment, size_t size) {
  void *made = memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *block = made;
  return 0;
}

PUBLIC void free(void *block) {
  if (block == NULL) return;
  atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
  BELOW(free)(block);
}
