#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CBare.h"
#include "clients.h"

struct key {
    char *bytes;
    size_t count;
};

// On cache lines of its own: its thread writes the random state at each turn.
struct client {
    redisContext *context;
    const struct key *keys;
    size_t key_count;
    uint64_t random;
} __attribute__((aligned(128)));

struct bare_redis {
    struct client *clients;
    size_t count;
    struct key *keys;
    size_t key_count;
};

static void read_keys(struct bare_redis *redis, redisContext *context, const char *prefix) {
    redisReply *reply = redisCommand(context, "KEYS %s*", prefix);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) return;
    redis->keys = calloc(reply->elements + 1, sizeof *redis->keys);
    redis->key_count = reply->elements;
    for (size_t index = 0; index < reply->elements; index++) {
        struct key *key = &redis->keys[index];
        key->count = reply->element[index]->len;
        key->bytes = malloc(key->count);
        memcpy(key->bytes, reply->element[index]->str, key->count);
    }
    freeReplyObject(reply);
}

struct bare_redis *bare_redis_open(const char *socket, const char *prefix, size_t clients) {
    struct bare_redis *redis = calloc(1, sizeof *redis);
    redis->clients = aligned_alloc(128, clients * sizeof *redis->clients);
    memset(redis->clients, 0, clients * sizeof *redis->clients);
    redis->count = clients;
    for (size_t index = 0; index < clients; index++) {
        struct client *client = &redis->clients[index];
        client->context = redisConnectUnix(socket);
        if (client->context == NULL || client->context->err) {
            bare_redis_close(redis);
            return NULL;
        }
        if (index == 0) read_keys(redis, client->context, prefix);
        client->keys = redis->keys;
        client->key_count = redis->key_count;
        client->random = index;
    }
    if (redis->key_count > 0) return redis;
    bare_redis_close(redis);
    return NULL;
}

void bare_redis_close(struct bare_redis *redis) {
    for (size_t index = 0; index < redis->count; index++)
        if (redis->clients[index].context != NULL) redisFree(redis->clients[index].context);
    for (size_t index = 0; index < redis->key_count; index++) free(redis->keys[index].bytes);
    free(redis->keys);
    free(redis->clients);
    free(redis);
}

static size_t get_keys(void *argument, size_t count) {
    struct client *client = argument;
    size_t good = 0;
    for (size_t done = 0; done < count; done++) {
        const struct key *key = &client->keys[bare_random(&client->random) % client->key_count];
        const char *words[] = {"GET", key->bytes};
        const size_t lengths[] = {3, key->count};
        redisReply *reply = redisCommandArgv(client->context, 2, words, lengths);
        if (reply == NULL) break;
        good += reply->type == REDIS_REPLY_STRING && reply->len > 0;
        freeReplyObject(reply);
    }
    return good;
}

size_t bare_redis_run(struct bare_redis *redis, size_t count_per_client, uint64_t *wall_ns) {
    return bare_clients_run(
        redis->clients, sizeof *redis->clients, redis->count, get_keys, count_per_client, wall_ns);
}
