#include "walk.h"

int main(void) { return walk(":memory:"); }
