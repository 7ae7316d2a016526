/* Takes the place of malloc() and its kin, for everybody in the process: C, C++ and SQLite. */
#ifndef TSE_TESTS_FAILING_MEMORY_H
#define TSE_TESTS_FAILING_MEMORY_H

#if defined(__cplusplus)
extern "C" {
#endif

/* From now on `after` allocations of any thread succeed, then so many fail; -1: all. */
void memory_fail(long after, long times);
/* Nothing fails any more. How many did. */
long memory_heal(void);
/* How many blocks are allocated and not freed. */
long memory_live(void);

#if defined(__cplusplus)
}
#endif

#endif
