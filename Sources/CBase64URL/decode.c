#include "CBase64URL.h"

#include <string.h>

// Decodes sixteen characters to twelve bytes, and writes four more that mean nothing; says whether all sixteen are of
// the alphabet.
typedef int (*step)(const uint8_t text[16], uint8_t bytes[16]);

// Sixteen characters at a time; the last ones are filled up with A, which stands for zeros.
static inline __attribute__((always_inline)) long decode(
    const uint8_t *text, size_t count, uint8_t *bytes, step decode_16) {
    if (count == 0) return 0;
    const size_t byte_count = count / 4 * 3 + (count % 4 > 0 ? count % 4 - 1 : 0);
    int good = count % 4 != 1;
    size_t index = 0;
    // What is written beyond twelve bytes must be room that is written later: that of eight more characters.
    for (; index + 24 <= count; index += 16) good &= decode_16(text + index, bytes + index / 4 * 3);
    const size_t rest = byte_count - index / 4 * 3;
    uint8_t last_text[32], last_bytes[32];
    memset(last_text, 'A', sizeof last_text);
    memcpy(last_text, text + index, count - index);
    good &= decode_16(last_text, last_bytes);
    if (count - index > 16) good &= decode_16(last_text + 16, last_bytes + 12);
    memcpy(bytes + index / 4 * 3, last_bytes, rest);
    // Bits behind the last whole byte must be zero, or two texts would have one value.
    return good && last_bytes[rest] == 0 ? (long)byte_count : -1;
}

// The value of one character, or 64 for a byte outside the alphabet.
static uint32_t value(uint8_t character) {
    if (character >= 'A' && character <= 'Z') return character - 'A';
    if (character >= 'a' && character <= 'z') return character - 'a' + 26u;
    if (character >= '0' && character <= '9') return character - '0' + 52u;
    return character == '-' ? 62 : character == '_' ? 63 : 64;
}

static int step_by_bytes(const uint8_t text[16], uint8_t bytes[16]) {
    uint32_t faults = 0;
    for (int group = 0; group < 4; group++, text += 4, bytes += 3) {
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

// The method of Muła and Lemire ("Faster Base64 Encoding and Decoding Using AVX2 Instructions", ACM Transactions on the
// Web 12(3), 2018, section 5), with tables for the alphabet of base64url.
__attribute__((target("ssse3"))) static inline int step_by_vectors(const uint8_t text[16], uint8_t bytes[16]) {
    // A byte is outside the alphabet where its low and its high half have a bit in common: 1 for 2x, 2 for 3x, 4 for 4x
    // and 6x, 8 for 5x, 16 for 7x, 32 for all others.
    const __m128i low_half = _mm_setr_epi8(
        0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x3B, 0x3B, 0x3A, 0x3B, 0x33);
    const __m128i high_half = _mm_setr_epi8(
        0x20, 0x20, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20);
    // What is added to a character of each high half; the underscore, alone among 5x, needs 33 more.
    const __m128i shift = _mm_setr_epi8(0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i nibble = _mm_set1_epi8(0x0F);
    const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m128i characters = _mm_loadu_si128((const __m128i *)text);
    const __m128i high = _mm_and_si128(_mm_srli_epi32(characters, 4), nibble);
    const __m128i low = _mm_and_si128(characters, nibble);
    const __m128i faults = _mm_and_si128(_mm_shuffle_epi8(low_half, low), _mm_shuffle_epi8(high_half, high));
    const __m128i underscore = _mm_and_si128(_mm_cmpeq_epi8(characters, _mm_set1_epi8('_')), _mm_set1_epi8(33));
    const __m128i values = _mm_add_epi8(_mm_add_epi8(characters, _mm_shuffle_epi8(shift, high)), underscore);
    const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128((__m128i *)bytes, _mm_shuffle_epi8(groups, order));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(faults, _mm_setzero_si128())) == 0xFFFF;
}

__attribute__((target("ssse3"))) static long decode_by_vectors(const uint8_t *text, size_t count, uint8_t *bytes) {
    return decode(text, count, bytes, step_by_vectors);
}

long authbench_base64url_decode(const uint8_t *text, size_t count, uint8_t *bytes) {
    return __builtin_cpu_supports("ssse3") ? decode_by_vectors(text, count, bytes)
                                           : authbench_base64url_decode_by_bytes(text, count, bytes);
}
#else
long authbench_base64url_decode(const uint8_t *text, size_t count, uint8_t *bytes) {
    return authbench_base64url_decode_by_bytes(text, count, bytes);
}
#endif
