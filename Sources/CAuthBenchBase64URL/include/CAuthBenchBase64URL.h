#pragma once
#include <stddef.h>
#include <stdint.h>

// Decodes unpadded base64url (RFC 4648 section 5) strictly: each value has one text.
//
// Returns the number of bytes written, or -1 when the text is not the encoding of some bytes. `bytes` has room for
// count * 3 / 4 of them, and nothing behind that is touched.
long authbench_base64url_decode(const uint8_t *text, size_t count, uint8_t *bytes);

// The same on any processor, a byte at a time.
long authbench_base64url_decode_by_bytes(const uint8_t *text, size_t count, uint8_t *bytes);
