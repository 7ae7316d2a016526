/* A test in plain C: CHECK counts and goes on, so that one run shows every fault. */
#ifndef TSE_TESTS_CHECK_H
#define TSE_TESTS_CHECK_H

#include <taskstate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks = 0;
static int faults = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    ++checks;                                                                 \
    if (!(condition)) {                                                       \
      ++faults;                                                               \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* A call that must succeed; otherwise the test cannot go on. */
#define MUST(call)                                                                             \
  do {                                                                                         \
    const int32_t must_code = (call);                                                          \
    ++checks;                                                                                  \
    if (must_code != TSE_OK) {                                                                 \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, tse_code_name(must_code)); \
      exit(1);                                                                                 \
    }                                                                                          \
  } while (0)

static inline int same(tse_str text, const char *expected) {
  if (expected == NULL) return text.data == NULL;
  return text.data != NULL && text.size == strlen(expected) && memcmp(text.data, expected, text.size) == 0 &&
         text.data[text.size] == '\0';
}

static inline int finish(const char *name) {
  printf("%s: %d checks, %d faults\n", name, checks, faults);
  return faults == 0 ? 0 : 1;
}

#endif
