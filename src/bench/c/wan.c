/*
 * A long, lossy wire between two network namespaces, for kernels without netem: wan NS_A NS_B MBIT DELAY_MS LOSS_PERMILLE
 *
 * Creates the device "wan" in each namespace and carries packets between them until it is killed: each waits its turn at
 * MBIT (a queue of 100 ms before it, what does not fit is dropped), is dropped with a chance of LOSS_PERMILLE, and arrives
 * DELAY_MS later. One thread for each direction.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 65536
#define PACKET 1600
#define QUEUE_NS 100000000LL

struct packet {
    int64_t due;
    uint16_t length;
    unsigned char data[PACKET];
};

struct wire {
    int from, to;
    uint64_t random;
};

static double ns_per_byte;
static int64_t delay_ns;
static unsigned loss_permille;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int open_device(const char *namespace) {
    char path[256];
    snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
    int ns = open(path, O_RDONLY);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) die(path);
    close(ns);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (device < 0) die("/dev/net/tun");
    struct ifreq request = {.ifr_name = "wan"};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(device, TUNSETIFF, &request) < 0) die("TUNSETIFF");
    return device;
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *carry(void *argument) {
    struct wire *wire = argument;
    struct packet *ring = malloc(SLOTS * sizeof *ring);
    if (!ring) die("malloc");
    uint32_t head = 0, tail = 0;
    int64_t free_at = 0;
    unsigned char lost[PACKET];
    for (;;) {
        int64_t t = now();
        while (head != tail && ring[head % SLOTS].due <= t) {
            struct packet *p = &ring[head++ % SLOTS];
            if (write(wire->to, p->data, p->length) < 0 && errno != EAGAIN && errno != EIO) die("write");
        }
        struct pollfd from = {.fd = wire->from, .events = POLLIN};
        int64_t wait = head == tail ? 1000000000LL : ring[head % SLOTS].due - t;
        struct timespec timeout = {wait / 1000000000LL, wait % 1000000000LL};
        if (ppoll(&from, 1, &timeout, NULL) <= 0) continue;
        for (int i = 0; i < 64; i++) {
            int room = tail - head < SLOTS;
            struct packet *p = &ring[tail % SLOTS];
            ssize_t length = read(wire->from, room ? p->data : lost, PACKET);
            if (length <= 0) break;
            t = now();
            if (free_at < t) free_at = t;
            wire->random ^= wire->random << 13;
            wire->random ^= wire->random >> 7;
            wire->random ^= wire->random << 17;
            if (!room || free_at - t > QUEUE_NS || wire->random % 1000 < loss_permille) continue;
            free_at += (int64_t)(length * ns_per_byte);
            p->length = length;
            p->due = free_at + delay_ns;
            tail++;
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "wan NS_A NS_B MBIT DELAY_MS LOSS_PERMILLE\n");
        return 2;
    }
    ns_per_byte = 8000.0 / atof(arguments[3]);
    delay_ns = (int64_t)(atof(arguments[4]) * 1e6);
    loss_permille = (unsigned)atoi(arguments[5]);
    int a = open_device(arguments[1]), b = open_device(arguments[2]);
    struct wire there = {a, b, 88172645463325252ULL}, back = {b, a, 1181783497276652981ULL};
    pthread_t thread;
    if (pthread_create(&thread, NULL, carry, &there)) die("pthread_create");
    carry(&back);
    return 0;
}
