/*
 * AES and GHASH with the processor's instructions, for the native executable alone: what a JVM has as intrinsics, and an
 * ahead-of-time compiler only where it may take it that each processor has them. They do what the methods of
 * com.sun.crypto.provider do in whose places io.mirrorbootstrap.kernels calls them. Built by the script `build` beside this.
 *
 * Nothing here branches on, or looks up by, what is secret. Whether there are the instructions is asked when it runs, by
 * mirror_bootstrap_has_aes; only where it says so may the others be called.
 */
#include <stdint.h>
#include <string.h>

/* The most rounds there are: those of a key of 256 bits. A schedule has one key more. */
enum { BLOCK = 16, LANES = 8, MOST_ROUNDS = 14 };

/* PORTABLE: without any of them, as on a processor that has none. */
#if defined(__x86_64__) && !defined(PORTABLE)
#include <immintrin.h>
#define HARDWARE __attribute__((target("ssse3,sse4.1,aes,pclmul")))
typedef __m128i block;

int32_t mirror_bootstrap_has_aes(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("aes")
            && __builtin_cpu_supports("pclmul");
}

HARDWARE static inline block load(const uint8_t *bytes) {
    return _mm_loadu_si128((const block *) bytes);
}

HARDWARE static inline void store(uint8_t *bytes, block b) {
    _mm_storeu_si128((block *) bytes, b);
}

HARDWARE static inline block add(block a, block b) {
    return _mm_xor_si128(a, b);
}

/* Of halves, the higher one first. */
HARDWARE static inline block of(uint64_t high, uint64_t low) {
    return _mm_set_epi64x((int64_t) high, (int64_t) low);
}

HARDWARE static inline uint64_t low_of(block b) {
    return (uint64_t) _mm_cvtsi128_si64(b);
}

HARDWARE static inline uint64_t high_of(block b) {
    return (uint64_t) _mm_extract_epi64(b, 1);
}

HARDWARE static inline block halves_swapped(block b) {
    return _mm_shuffle_epi32(b, 0x4E);
}

/* All bytes in the opposite order. */
HARDWARE static inline block turned(block b) {
    return _mm_shuffle_epi8(b, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* Four words of the machine's order as the 16 bytes that they are, each one's highest first. */
HARDWARE static inline block words(const int32_t *words) {
    return _mm_shuffle_epi8(load((const uint8_t *) words),
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

/* Products without carry, of the halves that the names tell. */
HARDWARE static inline block low_by_low(block a, block b) {
    return _mm_clmulepi64_si128(a, b, 0x00);
}

HARDWARE static inline block high_by_high(block a, block b) {
    return _mm_clmulepi64_si128(a, b, 0x11);
}

HARDWARE static inline block crosswise(block a, block b) {
    return _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
}

HARDWARE static inline block low_to_high(block b) {
    return _mm_slli_si128(b, 8);
}

HARDWARE static inline block high_to_low(block b) {
    return _mm_srli_si128(b, 8);
}

HARDWARE static inline void encrypt(block *blocks, int count, const block *keys, int rounds) {
    for (int i = 0; i < count; i++) {
        blocks[i] = _mm_xor_si128(blocks[i], keys[0]);
    }
    for (int round = 1; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            blocks[i] = _mm_aesenc_si128(blocks[i], keys[round]);
        }
    }
    for (int i = 0; i < count; i++) {
        blocks[i] = _mm_aesenclast_si128(blocks[i], keys[rounds]);
    }
}
#elif defined(__aarch64__) && !defined(PORTABLE)
#include <sys/auxv.h>
#pragma GCC push_options
#pragma GCC target("+crypto")
#include <arm_neon.h>
#define HARDWARE
#ifndef HWCAP_AES
#define HWCAP_AES (1 << 3)
#endif
#ifndef HWCAP_PMULL
#define HWCAP_PMULL (1 << 4)
#endif
typedef uint8x16_t block;

int32_t mirror_bootstrap_has_aes(void) {
    unsigned long has = getauxval(AT_HWCAP);
    return (has & HWCAP_AES) != 0 && (has & HWCAP_PMULL) != 0;
}

static inline block load(const uint8_t *bytes) {
    return vld1q_u8(bytes);
}

static inline void store(uint8_t *bytes, block b) {
    vst1q_u8(bytes, b);
}

static inline block add(block a, block b) {
    return veorq_u8(a, b);
}

static inline block of(uint64_t high, uint64_t low) {
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
}

static inline uint64_t low_of(block b) {
    return vgetq_lane_u64(vreinterpretq_u64_u8(b), 0);
}

static inline uint64_t high_of(block b) {
    return vgetq_lane_u64(vreinterpretq_u64_u8(b), 1);
}

static inline block halves_swapped(block b) {
    return vextq_u8(b, b, 8);
}

static inline block turned(block b) {
    return halves_swapped(vrev64q_u8(b));
}

static inline block words(const int32_t *words) {
    return vrev32q_u8(load((const uint8_t *) words));
}

static inline block product(uint64_t a, uint64_t b) {
    return vreinterpretq_u8_p128(vmull_p64((poly64_t) a, (poly64_t) b));
}

static inline block low_by_low(block a, block b) {
    return product(low_of(a), low_of(b));
}

static inline block high_by_high(block a, block b) {
    return vreinterpretq_u8_p128(vmull_high_p64(vreinterpretq_p64_u8(a), vreinterpretq_p64_u8(b)));
}

static inline block crosswise(block a, block b) {
    block swapped = halves_swapped(b);
    return add(low_by_low(a, swapped), high_by_high(a, swapped));
}

static inline block low_to_high(block b) {
    return vextq_u8(vdupq_n_u8(0), b, 8);
}

static inline block high_to_low(block b) {
    return vextq_u8(b, vdupq_n_u8(0), 8);
}

static inline void encrypt(block *blocks, int count, const block *keys, int rounds) {
    for (int round = 0; round < rounds - 1; round++) {
        for (int i = 0; i < count; i++) {
            blocks[i] = vaesmcq_u8(vaeseq_u8(blocks[i], keys[round]));
        }
    }
    for (int i = 0; i < count; i++) {
        blocks[i] = veorq_u8(vaeseq_u8(blocks[i], keys[rounds - 1]), keys[rounds]);
    }
}
#endif

#ifdef HARDWARE
HARDWARE static inline void schedule(block *keys, const int32_t *key_words, int rounds) {
    int round = 0;
    do {
        keys[round] = words(key_words + 4 * round);
    } while (round++ < rounds);
}

/*
 * The field of GHASH has its bits in the opposite order, so that a product without carry is one bit too low: each power of
 * the hash key is kept a bit higher, which is a multiplication by x.
 */
HARDWARE static inline block by_x(block b) {
    uint64_t high = high_of(b);
    uint64_t low = low_of(b);
    uint64_t over = -(high >> 63);
    return of((high << 1 | low >> 63) ^ (over & 0xC200000000000000u), (low << 1) ^ (over & 1));
}

struct product {
    block low, cross, high;
};

HARDWARE static inline struct product plus_product(struct product sum, block a, block b) {
    return (struct product) {add(sum.low, low_by_low(a, b)), add(sum.cross, crosswise(a, b)),
            add(sum.high, high_by_high(a, b))};
}

/* Two steps, each of which takes 64 bits from below without changing what the whole is modulo the field's polynomial. */
HARDWARE static inline block reduced(struct product p) {
    const block polynomial = of(0, 0xC200000000000000u);
    block low = add(p.low, low_to_high(p.cross));
    block high = add(p.high, high_to_low(p.cross));
    low = add(halves_swapped(low), low_by_low(low, polynomial));
    low = add(halves_swapped(low), low_by_low(low, polynomial));
    return add(high, low);
}

HARDWARE static inline block times(block a, block b) {
    const block zero = of(0, 0);
    return reduced(plus_product((struct product) {zero, zero, zero}, a, b));
}

/*
 * Goes on with a GHASH.
 *
 * data    its address
 * blocks  how many of 16 bytes, 0 or more
 * state   address of two words, the higher one first: the hash so far, and after them
 * key     address of two words, the higher one first: the hash key
 */
HARDWARE void mirror_bootstrap_ghash(int64_t data, int64_t blocks, int64_t state, int64_t key) {
    const uint8_t *bytes = (const uint8_t *) (intptr_t) data;
    uint64_t *hash_words = (uint64_t *) (intptr_t) state;
    const uint64_t *key_words = (const uint64_t *) (intptr_t) key;
    const block zero = of(0, 0);
    block hash = of(hash_words[0], hash_words[1]);
    block powers[LANES]; /* the last one is the key, the first one its highest power */
    powers[LANES - 1] = by_x(of(key_words[0], key_words[1]));
    for (int i = LANES - 2; i >= 0 && blocks >= LANES; i--) {
        powers[i] = times(powers[i + 1], powers[LANES - 1]);
    }
    for (; blocks >= LANES; blocks -= LANES, bytes += LANES * BLOCK) {
        struct product sum = plus_product((struct product) {zero, zero, zero}, add(hash, turned(load(bytes))), powers[0]);
        for (int i = 1; i < LANES; i++) {
            sum = plus_product(sum, turned(load(bytes + i * BLOCK)), powers[i]);
        }
        hash = reduced(sum);
    }
    for (; blocks > 0; blocks--, bytes += BLOCK) {
        hash = times(add(hash, turned(load(bytes))), powers[LANES - 1]);
    }
    hash_words[0] = high_of(hash);
    hash_words[1] = low_of(hash);
}

/* Encrypts count blocks of a counter, at most LANES, and adds them to what is read; all is read before anything is written. */
HARDWARE static inline __attribute__((always_inline)) void add_counters(const uint8_t *in, uint8_t *out, int count,
        uint64_t high, uint64_t low, const block *keys, int rounds) {
    block blocks[LANES];
    for (int i = 0; i < LANES; i++) {
        uint64_t next = low + (uint64_t) i;
        blocks[i] = turned(of(high + (next < low), next));
    }
    encrypt(blocks, LANES, keys, rounds);
    for (int i = 0; i < count; i++) {
        blocks[i] = add(blocks[i], load(in + i * BLOCK));
    }
    for (int i = 0; i < count; i++) {
        store(out + i * BLOCK, blocks[i]);
    }
}

/*
 * Encrypts or decrypts whole blocks in counter mode.
 *
 * in       address of what is read
 * out      address of what is written: in itself, before it, or elsewhere
 * length   in bytes, a multiple of 16, 0 or more
 * counter  address of the 16 bytes that count, of the first block, and after them of the next one
 * key      address of the words of the key schedule
 * rounds   10, 12 or 14
 */
HARDWARE void mirror_bootstrap_aes_counter(int64_t in, int64_t out, int64_t length, int64_t counter, int64_t key,
        int32_t rounds) {
    const uint8_t *from = (const uint8_t *) (intptr_t) in;
    uint8_t *to = (uint8_t *) (intptr_t) out;
    uint8_t *counting = (uint8_t *) (intptr_t) counter;
    block keys[MOST_ROUNDS + 1];
    schedule(keys, (const int32_t *) (intptr_t) key, rounds);
    block first = turned(load(counting));
    uint64_t high = high_of(first);
    uint64_t low = low_of(first);
    int64_t done = 0;
    for (; length - done >= LANES * BLOCK; done += LANES * BLOCK) {
        add_counters(from + done, to + done, LANES, high, low, keys, rounds);
        low += LANES;
        high += low < LANES;
    }
    int left = (int) ((length - done) / BLOCK);
    if (left > 0) { /* there is none in most records of TLS */
        add_counters(from + done, to + done, left, high, low, keys, rounds);
        low += (uint64_t) left;
        high += low < (uint64_t) left;
    }
    store(counting, turned(of(high, low)));
}

/* Encrypts the block at in to the block at out, with such a key. */
HARDWARE void mirror_bootstrap_aes_block(int64_t in, int64_t out, int64_t key, int32_t rounds) {
    block keys[MOST_ROUNDS + 1];
    schedule(keys, (const int32_t *) (intptr_t) key, rounds);
    block b = load((const uint8_t *) (intptr_t) in);
    encrypt(&b, 1, keys, rounds);
    store((uint8_t *) (intptr_t) out, b);
}
#else
int32_t mirror_bootstrap_has_aes(void) {
    return 0;
}

/* Nobody calls these. */
void mirror_bootstrap_ghash(void) {
    __builtin_trap();
}

void mirror_bootstrap_aes_counter(void) {
    __builtin_trap();
}

void mirror_bootstrap_aes_block(void) {
    __builtin_trap();
}
#endif
