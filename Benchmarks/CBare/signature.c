#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "CBare.h"

struct bare_verifier {
    EVP_PKEY *key;
    EVP_PKEY_CTX *context;     // Of all but Ed25519, which takes the message itself.
    EVP_MD_CTX *digest_context;
};

struct bare_verifier *bare_verifier_new(enum bare_signature kind, const uint8_t *public_key, size_t key_bytes) {
    struct bare_verifier *verifier = calloc(1, sizeof *verifier);
    verifier->key = d2i_PUBKEY(NULL, &public_key, (long)key_bytes);
    if (verifier->key == NULL) goto failed;
    if (kind == BARE_ED25519) {
        verifier->digest_context = EVP_MD_CTX_new();
        return verifier;
    }
    EVP_PKEY_CTX *context = verifier->context = EVP_PKEY_CTX_new_from_pkey(NULL, verifier->key, NULL);
    if (EVP_PKEY_verify_init(context) != 1) goto failed;
    if (kind == BARE_PS256
        && (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1
            || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) != 1))
        goto failed;
    if (EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1) return verifier;
failed:
    bare_verifier_free(verifier);
    return NULL;
}

void bare_verifier_free(struct bare_verifier *verifier) {
    EVP_MD_CTX_free(verifier->digest_context);
    EVP_PKEY_CTX_free(verifier->context);
    EVP_PKEY_free(verifier->key);
    free(verifier);
}

size_t bare_verify(
    struct bare_verifier *verifier, const uint8_t *messages, const size_t *message_offsets, const uint8_t *signatures,
    const size_t *signature_offsets, size_t pairs, size_t first, size_t count) {
    size_t good = 0;
    for (size_t index = first; index < first + count; index++) {
        size_t pair = index % pairs;
        const uint8_t *message = messages + message_offsets[pair], *signature = signatures + signature_offsets[pair];
        size_t message_bytes = message_offsets[pair + 1] - message_offsets[pair];
        size_t signature_bytes = signature_offsets[pair + 1] - signature_offsets[pair];
        if (verifier->context != NULL) {
            good += EVP_PKEY_verify(verifier->context, signature, signature_bytes, message, message_bytes) == 1;
            continue;
        }
        // Once for each: from OpenSSL 3.2 on a context that has verified refuses the next signature.
        good += EVP_DigestVerifyInit(verifier->digest_context, NULL, NULL, NULL, verifier->key) == 1
            && EVP_DigestVerify(verifier->digest_context, signature, signature_bytes, message, message_bytes) == 1;
    }
    return good;
}

size_t bare_ecdsa_der(const uint8_t *raw, size_t raw_bytes, uint8_t *der) {
    size_t half = raw_bytes / 2;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_bin2bn(raw, (int)half, NULL), BN_bin2bn(raw + half, (int)half, NULL));
    int length = i2d_ECDSA_SIG(signature, &der);
    ECDSA_SIG_free(signature);
    return length < 0 ? 0 : (size_t)length;
}
