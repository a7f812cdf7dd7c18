/*
 * Refuses a processor that lacks an instruction which the native executable was compiled to use without asking, so that TLS
 * takes an eighth of the time. The list is that of the options -H:CPUFeatures in pom.xml, which also has this linked, by its name
 * mirror_bootstrap_processor; an executable built with -Dportable has neither.
 *
 * The runtime has a check of its own, which tells all features in two lines; this comes first.
 */
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct feature {
    const char *name;
    int is_there;
};

#if defined(__x86_64__)
#define HAS(name) {name, __builtin_cpu_supports(name)}
#define FEATURES {HAS("sse3"), HAS("ssse3"), HAS("sse4.1"), HAS("sse4.2"), HAS("popcnt"), HAS("aes"), HAS("pclmul")}
#define PREPARE() __builtin_cpu_init()
#elif defined(__aarch64__)
#include <sys/auxv.h>
#define HAS(name, bit) {name, (getauxval(AT_HWCAP) & (1ul << (bit))) != 0}
#define FEATURES {HAS("aes", 3), HAS("pmull", 4)} /* the bits HWCAP_AES and HWCAP_PMULL */
#define PREPARE() ((void) 0)
#else
#define FEATURES {{"", 1}}
#define PREPARE() ((void) 0)
#endif

static void say(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void) ignored;
}

/* after start.c, so that standard error is what it says */
__attribute__((constructor(102))) void mirror_bootstrap_processor(void) {
    PREPARE();
    const struct feature features[] = FEATURES;
    const char *between = "mirror-bootstrap: this processor lacks ";
    int lacks = 0;
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (!features[i].is_there) {
            say(between);
            say(features[i].name);
            between = ", ";
            lacks = 1;
        }
    }
    if (lacks) {
        say(", which this executable was built for; one built with -Dportable runs on it\n");
        _exit(1);
    }
}
