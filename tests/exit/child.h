/* A child process that runs this program again in a role, and how it ended. */
#ifndef TSE_TESTS_EXIT_CHILD_H
#define TSE_TESTS_EXIT_CHILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child wrote to its standard output stands in said. The status of waitpid(). */
static inline int run_child(const char *role, const char *path, char *said, size_t size) {
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    /* What is freed is overwritten, so that its use shows. */
    setenv("MALLOC_PERTURB_", "165", 1);
    execl("/proc/self/exe", "child", role, path, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  size_t length = 0;
  for (ssize_t got = 1; got > 0 && length + 1 < size; length += got > 0 ? (size_t)got : 0)
    got = read(ends[0], said + length, size - 1 - length);
  said[length] = '\0';
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

/* An empty directory of this test's own. */
static inline const char *fresh_directory(void) {
  static char directory[] = "/tmp/taskstate-exit-XXXXXX";
  if (mkdtemp(directory) == NULL) exit(2);
  return directory;
}

static inline void remove_directory(const char *directory) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", directory);
  if (system(command) != 0) fprintf(stderr, "cannot remove %s\n", directory);
}

#endif
