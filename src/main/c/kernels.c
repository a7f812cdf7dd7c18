/*
 * The two loops over payload that an ahead-of-time compiler of Java makes badly, for the native executable alone: CRC-32C
 * with the processor's instruction, and the mask of a WebSocket frame. They do what java.util.zip.CRC32C and
 * io.mirrorbootstrap.wire.Masking do; io.mirrorbootstrap.kernels calls them. Built by the script `build` beside this.
 *
 * Which instructions there are is asked when it runs, as an executable may be built elsewhere than it is run.
 */
#include <stdint.h>
#include <string.h>

/* The Castagnoli polynomial, bits reflected, without the leading term. */
#define POLYNOMIAL 0x82F63B78u

/* PORTABLE: without any of them, as on a processor that has none. */
#if defined(__x86_64__) && !defined(PORTABLE)
#include <nmmintrin.h>
#define HARDWARE __attribute__((target("sse4.2")))
#define CRC_8(crc, byte) _mm_crc32_u8(crc, byte)
#define CRC_64(crc, word) ((uint32_t) _mm_crc32_u64(crc, word))

static int has_hardware(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2");
}
#elif defined(__aarch64__) && !defined(PORTABLE)
#include <arm_acle.h>
#include <sys/auxv.h>
#define HARDWARE __attribute__((target("+crc")))
#define CRC_8(crc, byte) __crc32cb(crc, byte)
#define CRC_64(crc, word) __crc32cd(crc, word)
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif

static int has_hardware(void) {
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
#endif

static uint32_t crc32c_by_bits(uint32_t crc, const uint8_t *bytes, uint64_t length) {
    for (uint64_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (POLYNOMIAL & -(crc & 1));
        }
    }
    return crc;
}

#ifdef HARDWARE
/*
 * The instruction takes three cycles but one can begin in each: so three streams at once, joined as
 * Crc32c.followedBy joins them. Long blocks, so that joining costs little; short ones for what is left of a slice.
 */
enum { LONG_BLOCK = 16 * 1024, SHORT_BLOCK = 512 };

/* x^(8 * LONG_BLOCK) and x^(8 * SHORT_BLOCK) modulo the polynomial: what so many zero bytes do to a CRC. */
#define AFTER_LONG_BLOCK 0xBF455269u
#define AFTER_SHORT_BLOCK 0x74C360A4u

/* The product of two polynomials over GF(2), bits reflected, modulo the polynomial. */
static inline uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        product ^= b & -(a >> 31);
        b = (b >> 1) ^ (POLYNOMIAL & -(b & 1));
    }
    return product;
}

static inline uint64_t word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

HARDWARE static inline uint32_t crc_of_blocks(uint32_t crc, const uint8_t *bytes, uint64_t block, uint32_t after_block) {
    uint32_t second = 0;
    uint32_t third = 0;
    for (uint64_t i = 0; i < block; i += 8) {
        crc = CRC_64(crc, word(bytes + i));
        second = CRC_64(second, word(bytes + block + i));
        third = CRC_64(third, word(bytes + 2 * block + i));
    }
    return multiply(after_block, multiply(after_block, crc) ^ second) ^ third;
}

HARDWARE static uint32_t crc32c_by_hardware(uint32_t crc, const uint8_t *bytes, uint64_t length) {
    for (; length >= 3 * LONG_BLOCK; bytes += 3 * LONG_BLOCK, length -= 3 * LONG_BLOCK) {
        crc = crc_of_blocks(crc, bytes, LONG_BLOCK, AFTER_LONG_BLOCK);
    }
    for (; length >= 3 * SHORT_BLOCK; bytes += 3 * SHORT_BLOCK, length -= 3 * SHORT_BLOCK) {
        crc = crc_of_blocks(crc, bytes, SHORT_BLOCK, AFTER_SHORT_BLOCK);
    }
    for (; length >= 8; bytes += 8, length -= 8) {
        crc = CRC_64(crc, word(bytes));
    }
    for (; length > 0; bytes++, length--) {
        crc = CRC_8(crc, *bytes);
    }
    return crc;
}
#endif

/*
 * Goes on with a CRC-32C.
 *
 * crc      the state before, as java.util.zip.CRC32C keeps it: all bits set at first, all bits turned at the end
 * address  of the bytes, anywhere
 * length   how many, 0 or more
 * returns  the state after them
 */
uint32_t mirror_bootstrap_crc32c(uint32_t crc, int64_t address, int64_t length) {
    const uint8_t *bytes = (const uint8_t *) (intptr_t) address;
#ifdef HARDWARE
    if (has_hardware()) {
        return crc32c_by_hardware(crc, bytes, (uint64_t) length);
    }
#endif
    return crc32c_by_bits(crc, bytes, (uint64_t) length);
}

/*
 * Masks the payload of a WebSocket frame, in place, or undoes that.
 *
 * address  of the bytes, anywhere
 * length   how many, 0 or more
 * mask     the key, its first byte, for the first byte at address, in the highest bits
 */
void mirror_bootstrap_mask(int64_t address, int64_t length, uint32_t mask) {
    uint8_t *bytes = (uint8_t *) (intptr_t) address;
    const uint8_t key[8] = {mask >> 24, mask >> 16, mask >> 8, mask, mask >> 24, mask >> 16, mask >> 8, mask};
    uint64_t wide;
    memcpy(&wide, key, sizeof wide);
    int64_t i = 0;
    for (; i + 8 <= length; i += 8) { /* the compiler makes vector instructions of it */
        uint64_t masked;
        memcpy(&masked, bytes + i, sizeof masked);
        masked ^= wide;
        memcpy(bytes + i, &masked, sizeof masked);
    }
    for (; i < length; i++) {
        bytes[i] ^= key[i % 8];
    }
}
