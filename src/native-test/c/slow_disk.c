/*
 * Makes a disk slow or full for one process: LD_PRELOAD it, and each MiB that the process writes to regular files at a
 * position, or out of several buffers, takes SLOW_DISK_MS_PER_MIB milliseconds longer; while there is a file named
 * FULL_DISK_WHILE, there is no space.
 * Forcing a file takes SLOW_FORCE_MS milliseconds longer, and does not end, whoever interrupts it, while there is a file
 * named HANGING_DISK_WHILE; that somebody waits for that tells a file of this name with ".forced" behind it. Forcing fails once when there is a file named FAIL_FORCE_ONCE,
 * which is then removed. While there is a file named FAIL_COMMIT_WHILE, no manifest is renamed.
 * While there is a file named NO_INODE_WHILE, no other can be made; while there is one named REFUSED_WHILE, writing fails with the
 * number that is in it. Where STRANGE_WORDS is set, the C library speaks another language.
 * The names of all files and directories that are forced are written to FORCED_NAMES, one a line.
 * Appending to a file, as the log is written, does not end while there is a file named HANGING_LOG_WHILE; that somebody waits for that
 * tells a file of this name with ".met" behind it.
 * Where LETS_GO_WHEN_FULL is set, the system lets go of what it has of files in its memory as soon as a socket has not taken all that it
 * was to get of one; a file of this name tells it. From then on reading files in recv_snapshots, also by sendfile, does not end while there is a file named
 * HANGING_DISK_WHILE, and that somebody waits for that tells a file of this name with ".met" behind it; and while there is a file named
 * REFUSED_WHILE, it fails with the number that is in it.
 * Opening HANGING_FILE does not end while there is a file named HANGING_DISK_WHILE, as if its file server were down.
 * Connections that come in hold little in the kernel, SHORT_SOCKETS bytes: as on a network, and not as on one machine, where
 * it takes megabytes that nobody reads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_there(const char *setting) {
    const char *file = getenv(setting);
    return file != NULL && access(file, F_OK) == 0;
}

static int number_in(const char *file) {
    int number = EIO;
    FILE *opened = fopen(file, "r");
    if (opened != NULL) {
        if (fscanf(opened, "%d", &number) != 1) {
            number = EIO;
        }
        fclose(opened);
    }
    return number;
}

static int ends(const char *name, const char *suffix) {
    size_t length = strlen(name);
    return length >= strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

static int is_file(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
}

static int name_of(int fd, char *name, size_t size) {
    char of[64];
    snprintf(of, sizeof of, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(of, name, size - 1);
    name[length < 0 ? 0 : length] = 0;
    return length >= 0;
}

static void wait_for(size_t bytes) {
    const char *ms = getenv("SLOW_DISK_MS_PER_MIB");
    if (ms == NULL) {
        return;
    }
    long long nanos = (long long) (atof(ms) * 1e6 * (double) bytes / (1024 * 1024));
    struct timespec pause = {nanos / 1000000000LL, nanos % 1000000000LL};
    nanosleep(&pause, NULL);
}

static int takes_after_a_while(int fd, size_t bytes) {
    if (is_file(fd)) {
        if (is_there("FULL_DISK_WHILE")) {
            errno = ENOSPC;
            return 0;
        }
        if (is_there("REFUSED_WHILE")) {
            errno = number_in(getenv("REFUSED_WHILE"));
            return 0;
        }
        wait_for(bytes);
    }
    return 1;
}

ssize_t pwrite64(int fd, const void *from, size_t bytes, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "pwrite64");
    }
    return takes_after_a_while(fd, bytes) ? real(fd, from, bytes, at) : -1;
}

ssize_t pwrite(int fd, const void *from, size_t bytes, off_t at) {
    return pwrite64(fd, from, bytes, at);
}

ssize_t writev(int fd, const struct iovec *from, int buffers) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "writev");
    }
    size_t bytes = 0;
    for (int i = 0; i < buffers; i++) {
        bytes += from[i].iov_len;
    }
    return takes_after_a_while(fd, bytes) ? real(fd, from, buffers) : -1;
}

static void tell(const char *setting, const char *suffix) {
    char met[4096];
    snprintf(met, sizeof met, "%s%s", getenv(setting), suffix);
    FILE *file = fopen(met, "a");
    if (file != NULL) {
        fclose(file);
    }
}

ssize_t write(int fd, const void *from, size_t bytes) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "write");
    }
    while (is_file(fd) && is_there("HANGING_LOG_WHILE")) {
        tell("HANGING_LOG_WHILE", ".met");
        struct timespec pause = {0, 10 * 1000000L};
        nanosleep(&pause, NULL);
    }
    return real(fd, from, bytes);
}

static int has_let_go;

/* A JVM reads what it loads itself, too, and all its threads wait until it has. */
static int is_of_directory(int fd) {
    char name[4096];
    return is_file(fd) && name_of(fd, name, sizeof name) && strstr(name, "/recv_snapshots/") != NULL;
}

static int gives_after_a_while(int fd) {
    if (!has_let_go || !is_of_directory(fd)) {
        return 1;
    }
    while (is_there("HANGING_DISK_WHILE")) {
        tell("HANGING_DISK_WHILE", ".met");
        struct timespec pause = {0, 10 * 1000000L};
        nanosleep(&pause, NULL);
    }
    if (is_there("REFUSED_WHILE")) {
        errno = number_in(getenv("REFUSED_WHILE"));
        return 0;
    }
    return 1;
}

ssize_t pread64(int fd, void *into, size_t bytes, off64_t at) {
    static ssize_t (*real)(int, void *, size_t, off64_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "pread64");
    }
    return gives_after_a_while(fd) ? real(fd, into, bytes, at) : -1;
}

ssize_t sendfile64(int to, int fd, off64_t *at, size_t bytes) {
    static ssize_t (*real)(int, int, off64_t *, size_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "sendfile64");
    }
    if (!gives_after_a_while(fd)) {
        return -1;
    }
    ssize_t moved = real(to, fd, at, bytes);
    const char *told = getenv("LETS_GO_WHEN_FULL");
    if (told != NULL && (moved < 0 ? errno == EAGAIN : (size_t) moved < bytes)) {
        int number = errno;
        has_let_go = 1;
        FILE *file = fopen(told, "a");
        if (file != NULL) {
            fclose(file);
        }
        errno = number;
    }
    return moved;
}

static void tell_forced(int fd) {
    const char *names = getenv("FORCED_NAMES");
    char name[4096];
    FILE *told = names != NULL && name_of(fd, name, sizeof name) ? fopen(names, "a") : NULL;
    if (told != NULL) {
        fprintf(told, "%s\n", name);
        fclose(told);
    }
}

int fsync(int fd) {
    static int (*real)(int);
    const char *ms = getenv("SLOW_FORCE_MS");
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "fsync");
    }
    if (ms != NULL) {
        struct timespec pause = {atoi(ms) / 1000, atoi(ms) % 1000 * 1000000L};
        nanosleep(&pause, NULL);
    }
    while (is_there("HANGING_DISK_WHILE")) {
        tell("HANGING_DISK_WHILE", ".forced");
        struct timespec pause = {0, 10 * 1000000L};
        nanosleep(&pause, NULL);
    }
    if (is_there("FAIL_FORCE_ONCE")) {
        unlink(getenv("FAIL_FORCE_ONCE"));
        errno = EIO;
        return -1;
    }
    tell_forced(fd);
    return real(fd);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "rename");
    }
    if (is_there("FAIL_COMMIT_WHILE") && ends(to, ".manifest.json")) {
        errno = EIO;
        return -1;
    }
    return real(from, to);
}

static int has_inode(const char *file, int flags) {
    if (!(flags & O_CREAT) || access(file, F_OK) == 0 || !is_there("NO_INODE_WHILE")) {
        return 1;
    }
    errno = ENOSPC;
    return 0;
}

int __xpg_strerror_r(int number, char *words, size_t length) {
    static int (*real)(int, char *, size_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "__xpg_strerror_r");
    }
    if (getenv("STRANGE_WORDS") == NULL) {
        return real(number, words, length);
    }
    snprintf(words, length, "Fehler Nummer %d", number);
    return 0;
}

static void wait_for_server_of(const char *file) {
    const char *hanging = getenv("HANGING_FILE");
    while (hanging != NULL && strcmp(file, hanging) == 0 && is_there("HANGING_DISK_WHILE")) {
        struct timespec pause = {0, 10 * 1000000L};
        nanosleep(&pause, NULL);
    }
}

int open64(const char *file, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "open64");
    }
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    wait_for_server_of(file);
    return has_inode(file, flags) ? real(file, flags, mode) : -1;
}

int open(const char *file, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "open");
    }
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    wait_for_server_of(file);
    return has_inode(file, flags) ? real(file, flags, mode) : -1;
}

int accept(int fd, struct sockaddr *from, socklen_t *length) {
    static int (*real)(int, struct sockaddr *, socklen_t *);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "accept");
    }
    int accepted = real(fd, from, length);
    const char *bytes = getenv("SHORT_SOCKETS");
    if (accepted >= 0 && bytes != NULL) {
        int size = atoi(bytes);
        setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        setsockopt(accepted, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    return accepted;
}
