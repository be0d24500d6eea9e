#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "CBare.h"

struct bare_rsa {
    EVP_PKEY_CTX *context;
};

static struct bare_rsa *make(EVP_PKEY *key, int (*start)(EVP_PKEY_CTX *)) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    EVP_PKEY_free(key);
    if (start(context) != 1 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1
        || EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1) {
        EVP_PKEY_CTX_free(context);
        return NULL;
    }
    struct bare_rsa *rsa = malloc(sizeof *rsa);
    rsa->context = context;
    return rsa;
}

struct bare_rsa *bare_rsa_verifier(const uint8_t *public_key, size_t key_bytes) {
    return make(d2i_PUBKEY(NULL, &public_key, (long)key_bytes), EVP_PKEY_verify_init);
}

struct bare_rsa *bare_rsa_signer(const uint8_t *private_key, size_t key_bytes) {
    return make(d2i_AutoPrivateKey(NULL, &private_key, (long)key_bytes), EVP_PKEY_sign_init);
}

void bare_rsa_free(struct bare_rsa *rsa) {
    EVP_PKEY_CTX_free(rsa->context);
    free(rsa);
}

size_t bare_rsa_verify(
    struct bare_rsa *rsa, const uint8_t *digests, const uint8_t *signatures, size_t pairs, size_t first, size_t count) {
    size_t good = 0;
    for (size_t index = first; index < first + count; index++) {
        size_t pair = index % pairs;
        good += EVP_PKEY_verify(rsa->context, signatures + 256 * pair, 256, digests + 32 * pair, 32) == 1;
    }
    return good;
}

size_t bare_rsa_sign(struct bare_rsa *rsa, const uint8_t *digests, size_t pairs, size_t first, size_t count) {
    size_t good = 0;
    for (size_t index = first; index < first + count; index++) {
        uint8_t signature[256];
        size_t length = sizeof signature;
        good += EVP_PKEY_sign(rsa->context, signature, &length, digests + 32 * (index % pairs), 32) == 1
            && length == sizeof signature;
    }
    return good;
}
