/*
 * Preloaded, stops a program after its constructors and before its main function: says "here" and a line's end on standard
 * output, and waits for ever. So a test meets a moment that otherwise lasts a millisecond.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

static int wait_for_ever(int argc, char **argv, char **environment) {
    (void) argc;
    (void) argv;
    (void) environment;
    if (write(STDOUT_FILENO, "here\n", 5) != 5) {
        return 1;
    }
    for (;;) {
        pause();
    }
}

int __libc_start_main(main_function *program, int argc, char **argv, void (*init)(void), void (*fini)(void),
        void (*rtld_fini)(void), void *stack_end) {
    (void) program;
    start_function *start = (start_function *) dlsym(RTLD_NEXT, "__libc_start_main");
    return start(wait_for_ever, argc, argv, init, fini, rtld_fini, stack_end);
}
