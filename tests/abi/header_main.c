/* Runs what each standard made of the header. */
#include <stdio.h>

int header_c99(void);
int header_c11(void);
int header_cpp11(void);
int header_cpp20(void);

int main(void) {
  const int ok = header_c99() && header_c11() && header_cpp11() && header_cpp20();
  if (!ok)
    fprintf(stderr, "c99 %d, c11 %d, c++11 %d, c++20 %d\n", header_c99(), header_c11(), header_cpp11(), header_cpp20());
  return ok ? 0 : 1;
}
