/* Compares what the library gave with what a step expects; each difference is printed and counted. */
#ifndef TASKSTATE_TESTS_VECTORS_CHECK_H
#define TASKSTATE_TESTS_VECTORS_CHECK_H

#include "vectors_table.h"

/* Names the case and the step that the next differences belong to. */
void check_begins(const char *case_name, size_t step);
/* A call's task (NULL: it gave none) and error (NULL: it succeeded). */
void check_outcome(const tse_task *task, const tse_error *error, const vector_expect *expect);
void check_answer(const tse_answer *answer, const vector_expect *expect);
void check_page(const tse_page *page, const vector_expect *expect);
void check_history(const tse_history *history, const vector_expect *expect);
/* How many there were in all. */
size_t check_differences(void);

#endif
