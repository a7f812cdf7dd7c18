/*
 * What the native executable does before its runtime does anything, as a constructor: linked together with the kernels
 * (`build`), so that no executable has these without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A standard descriptor that is closed at exec would be given to the next file that is opened: a log would be written into a
 * snapshot, or a data file read as standard input. So each is open, and the wrong way round: to read from or to write to it
 * fails (EBADF), as it would if it were closed, and is told.
 */
static void keep_standard_descriptors(void) {
    static const int wrong_way_round[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", wrong_way_round[fd]) != fd) {
            static const char told[] = "mirror-bootstrap: a standard descriptor is closed and /dev/null cannot be opened\n";
            ssize_t ignored = fd < STDERR_FILENO ? write(STDERR_FILENO, told, sizeof told - 1) : 0;
            (void) ignored;
            _exit(1);
        }
    }
}

static void end(int number) {
    _exit(128 + number);
}

/*
 * The kernel does not deliver to process 1, as which a container is started, a signal that it has no handler for: one that comes
 * before the runtime has its own would be lost. Nothing is open yet, so there is nothing to put in order. The runtime's handlers
 * take the place of these.
 */
static void end_on_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; getpid() == 1 && i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        if (sigaction(numbers[i], NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) {
            action.sa_handler = end;
            sigaction(numbers[i], &action, NULL);
        }
    }
}

/*
 * What would be taken from the locale, the names that files can have, digits and the C library's words, is always the same. What
 * "send" and "wait" start gets the caller's back (Program), as after the launcher, which has done this already.
 */
static void fix_locale(void) {
    const char *callers = getenv("LC_ALL");
    if (setenv("MIRRORBOOTSTRAP_LC_ALL", callers == NULL ? "" : callers, 0) != 0 || setenv("LC_ALL", "C.UTF-8", 1) != 0) {
        _exit(1);
    }
}

static void go_on(int number) {
    (void) number;
}

/*
 * A write past the size that a file may have (ulimit -f) shall fail, and be told, not end the process. Not ignored, because what
 * is started would ignore it, too.
 */
static void survive_the_limit_of_a_file(void) {
    struct sigaction action = {.sa_handler = go_on};
    sigaction(SIGXFSZ, &action, NULL);
}

/* 101 is the first that is not the C library's own */
__attribute__((constructor(101))) static void start(void) {
    end_on_signals();
    survive_the_limit_of_a_file();
    fix_locale();
    keep_standard_descriptors();
}
