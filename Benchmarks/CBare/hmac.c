#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "CBare.h"

struct bare_hmac {
    EVP_MAC_CTX *context;
};

struct bare_hmac *bare_hmac_new(const uint8_t *key, size_t key_bytes) {
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context, key, key_bytes, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    struct bare_hmac *hmac = malloc(sizeof *hmac);
    hmac->context = context;
    return hmac;
}

void bare_hmac_free(struct bare_hmac *hmac) {
    EVP_MAC_CTX_free(hmac->context);
    free(hmac);
}

size_t bare_hmac_run(
    struct bare_hmac *hmac, const uint8_t *bytes, const size_t *offsets, size_t messages, size_t first, size_t count) {
    size_t good = 0;
    for (size_t index = first; index < first + count; index++) {
        size_t message = index % messages;
        size_t start = offsets[message];
        uint8_t code[32];
        size_t length = 0;
        good += EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1
            && EVP_MAC_update(hmac->context, bytes + start, offsets[message + 1] - start) == 1
            && EVP_MAC_final(hmac->context, code, &length, sizeof code) == 1 && length == 32;
    }
    return good;
}
