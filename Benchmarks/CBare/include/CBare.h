// The bare calls of OpenSSL, SQLite and hiredis, in loops with nothing around them: the physics that the strategies
// are held against.
//
// Each function that runs returns how many calls came out as they should, so that a loop that does nothing is noticed.
#pragma once
#include <stddef.h>
#include <stdint.h>

// HMAC-SHA256 on an EVP_MAC context that is used again and again (EVP_MAC_init with a nil key keeps the key). The
// messages lie end to end: message i is bytes[offsets[i] ..< offsets[i + 1]].
struct bare_hmac;
struct bare_hmac *bare_hmac_new(const uint8_t *key, size_t key_bytes);
void bare_hmac_free(struct bare_hmac *hmac);
size_t bare_hmac_run(
    struct bare_hmac *hmac, const uint8_t *bytes, const size_t *offsets, size_t messages, size_t first, size_t count);

// EVP_PKEY_verify and EVP_PKEY_sign, PKCS#1 v1.5 with SHA-256, on contexts that are used again and again. The digests
// and signatures lie end to end, 32 and 256 bytes each; keys are DER.
struct bare_rsa;
struct bare_rsa *bare_rsa_verifier(const uint8_t *public_key, size_t key_bytes);
struct bare_rsa *bare_rsa_signer(const uint8_t *private_key, size_t key_bytes);
void bare_rsa_free(struct bare_rsa *rsa);
size_t bare_rsa_verify(
    struct bare_rsa *rsa, const uint8_t *digests, const uint8_t *signatures, size_t pairs, size_t first, size_t count);
size_t bare_rsa_sign(struct bare_rsa *rsa, const uint8_t *digests, size_t pairs, size_t first, size_t count);

// EVP_PKEY_verify on a context that is used again and again, of digests of 32 bytes; for Ed25519 EVP_DigestVerify of whole
// messages. Message i is messages[offsets[i] ..< offsets[i + 1]], and so are signatures; those of ECDSA are DER.
enum bare_signature { BARE_PS256, BARE_ES256, BARE_ED25519 };
struct bare_verifier;
struct bare_verifier *bare_verifier_new(enum bare_signature kind, const uint8_t *public_key, size_t key_bytes);
void bare_verifier_free(struct bare_verifier *verifier);
size_t bare_verify(
    struct bare_verifier *verifier, const uint8_t *messages, const size_t *message_offsets, const uint8_t *signatures,
    const size_t *signature_offsets, size_t pairs, size_t first, size_t count);
// The DER form (RFC 3279 section 2.2.3) of r and s end to end; der has room for 8 bytes more.
size_t bare_ecdsa_der(const uint8_t *raw, size_t raw_bytes, uint8_t *der);

// The point read of a session by PQexecPrepared with binary parameters and results, on one connection for each client, in a
// thread of its own. All sessions of the schema are read in a random order.
struct bare_postgres;
struct bare_postgres *bare_postgres_open(const char *url, const char *schema, size_t clients);
void bare_postgres_close(struct bare_postgres *postgres);
size_t bare_postgres_run(struct bare_postgres *postgres, size_t count_per_client, uint64_t *wall_ns);

// The point read of a session, on one connection and one prepared statement for each client, in a thread of its own.
// Nil when the file has no sessions.
struct bare_sqlite;
struct bare_sqlite *bare_sqlite_open(const char *path, size_t clients);
void bare_sqlite_close(struct bare_sqlite *sqlite);
// Every client reads so many sessions, in a random order of its own; *wall_ns is from the opening of the gate to the
// end of the last.
size_t bare_sqlite_run(struct bare_sqlite *sqlite, size_t count_per_client, uint64_t *wall_ns);

// GET of keys that exist, on one blocking hiredis connection for each client, in a thread of its own. All keys under
// the prefix are read in a random order.
struct bare_redis;
struct bare_redis *bare_redis_open(const char *socket, const char *prefix, size_t clients);
void bare_redis_close(struct bare_redis *redis);
size_t bare_redis_run(struct bare_redis *redis, size_t count_per_client, uint64_t *wall_ns);

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t bare_now_ns(void);
