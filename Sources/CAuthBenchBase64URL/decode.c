#include "CAuthBenchBase64URL.h"

#include <string.h>

enum { step_characters = 32, step_bytes = 24 };

// Decodes so many characters to so many bytes, and writes as many bytes as there are characters; says whether all
// characters are of the alphabet.
typedef int (*step)(const uint8_t text[step_characters], uint8_t bytes[step_characters]);

// How many whole bytes so many characters stand for.
static inline size_t bytes_of(size_t count) { return count / 4 * 3 + (count % 4 > 0 ? count % 4 - 1 : 0); }

// The last characters are filled up with A, which stands for zeros.
static inline __attribute__((always_inline)) long decode(
    const uint8_t *text, size_t count, uint8_t *bytes, step decode_step) {
    if (count == 0) return 0;
    const size_t all = bytes_of(count);
    int good = count % 4 != 1;
    // What a step writes beyond its own bytes must be room that is written later.
    for (; count >= step_characters * 3 / 2; count -= step_characters) {
        good &= decode_step(text, bytes);
        text += step_characters;
        bytes += step_bytes;
    }
    uint8_t last_text[2 * step_characters], last_bytes[2 * step_characters];
    memset(last_text, 'A', sizeof last_text);
    memcpy(last_text, text, count);
    good &= decode_step(last_text, last_bytes);
    if (count > step_characters) good &= decode_step(last_text + step_characters, last_bytes + step_bytes);
    const size_t rest = bytes_of(count);
    memcpy(bytes, last_bytes, rest);
    // Bits behind the last whole byte must be zero, or two texts would have one value.
    return good && (count % 4 == 0 || last_bytes[rest] == 0) ? (long)all : -1;
}

// The value of one character, or 64 for a byte outside the alphabet.
static uint32_t value(uint8_t character) {
    if (character >= 'A' && character <= 'Z') return character - 'A';
    if (character >= 'a' && character <= 'z') return character - 'a' + 26u;
    if (character >= '0' && character <= '9') return character - '0' + 52u;
    return character == '-' ? 62 : character == '_' ? 63 : 64;
}

static int step_by_bytes(const uint8_t text[step_characters], uint8_t bytes[step_characters]) {
    uint32_t faults = 0;
    for (int group = 0; group < step_characters / 4; group++, text += 4, bytes += 3) {
        const uint32_t a = value(text[0]), b = value(text[1]), c = value(text[2]), d = value(text[3]);
        faults |= a | b | c | d;
        bytes[0] = (uint8_t)(a << 2 | b >> 4);
        bytes[1] = (uint8_t)(b << 4 | c >> 2);
        bytes[2] = (uint8_t)(c << 6 | d);
    }
    return faults < 64;
}

long authbench_base64url_decode_by_bytes(const uint8_t *text, size_t count, uint8_t *bytes) {
    return decode(text, count, bytes, step_by_bytes);
}

#if defined(__x86_64__)
#include <immintrin.h>

// Sixteen bytes twice: the shuffles of AVX2 work on each half alone.
#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

// The method of Muła and Lemire ("Faster Base64 Encoding and Decoding Using AVX2 Instructions", ACM Transactions on the
// Web 12(3), 2018, section 5), with tables for the alphabet of base64url.
__attribute__((target("avx2"))) static inline int step_by_vectors(
    const uint8_t text[step_characters], uint8_t bytes[step_characters]) {
    // A byte is outside the alphabet where its low and its high half have a bit in common: 1 for 2x, 2 for 3x, 4 for 4x
    // and 6x, 8 for 5x, 16 for 7x, 32 for all others.
    const __m256i low_half =
        TWICE(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x3B, 0x3B, 0x3A, 0x3B, 0x33);
    const __m256i high_half =
        TWICE(0x20, 0x20, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20);
    // What is added to a character of each high half; the underscore, alone among 5x, needs 33 more.
    const __m256i shift = TWICE(0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i order = TWICE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i characters = _mm256_loadu_si256((const __m256i *)text);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(characters, 4), nibble);
    const __m256i low = _mm256_and_si256(characters, nibble);
    const __m256i faults =
        _mm256_and_si256(_mm256_shuffle_epi8(low_half, low), _mm256_shuffle_epi8(high_half, high));
    const __m256i underscore =
        _mm256_and_si256(_mm256_cmpeq_epi8(characters, _mm256_set1_epi8('_')), _mm256_set1_epi8(33));
    const __m256i values =
        _mm256_add_epi8(_mm256_add_epi8(characters, _mm256_shuffle_epi8(shift, high)), underscore);
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    // Twelve bytes at the beginning of each half, then one behind the other.
    const __m256i halves = _mm256_shuffle_epi8(groups, order);
    const __m256i together = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
    _mm256_storeu_si256((__m256i *)bytes, together);
    return _mm256_testz_si256(faults, faults);
}

__attribute__((target("avx2"))) static long decode_by_vectors(const uint8_t *text, size_t count, uint8_t *bytes) {
    return decode(text, count, bytes, step_by_vectors);
}

long authbench_base64url_decode(const uint8_t *text, size_t count, uint8_t *bytes) {
    return __builtin_cpu_supports("avx2") ? decode_by_vectors(text, count, bytes)
                                          : authbench_base64url_decode_by_bytes(text, count, bytes);
}
#else
long authbench_base64url_decode(const uint8_t *text, size_t count, uint8_t *bytes) {
    return authbench_base64url_decode_by_bytes(text, count, bytes);
}
#endif
