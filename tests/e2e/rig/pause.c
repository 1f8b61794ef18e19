/* What a pod's sandbox runs: holds its namespaces until it is told to end. It is process 1 there, so without a handler
 * SIGTERM would not end it. */
#include <signal.h>
#include <unistd.h>

static void end(int number) {
  (void)number;
  _exit(0);
}

int main(void) {
  signal(SIGTERM, end);
  signal(SIGINT, end);
  for (;;) pause();
}
