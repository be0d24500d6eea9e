#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CBare.h"
#include "clients.h"

struct id {
    char bytes[32];
};

// On cache lines of its own: its thread writes the random state at each turn.
struct client {
    PGconn *connection;
    const struct id *ids;
    size_t id_count;
    uint64_t random;
} __attribute__((aligned(128)));

struct bare_postgres {
    struct client *clients;
    size_t count;
    struct id *ids;
    size_t id_count;
};

static void read_ids(struct bare_postgres *postgres, PGconn *connection) {
    PGresult *rows = PQexecParams(connection, "SELECT id FROM sessions", 0, NULL, NULL, NULL, NULL, 1);
    size_t count = PQresultStatus(rows) == PGRES_TUPLES_OK ? (size_t)PQntuples(rows) : 0;
    postgres->ids = calloc(count + 1, sizeof *postgres->ids);
    postgres->id_count = count;
    for (size_t index = 0; index < count; index++)
        memcpy(postgres->ids[index].bytes, PQgetvalue(rows, (int)index, 0), sizeof postgres->ids[index].bytes);
    PQclear(rows);
}

struct bare_postgres *bare_postgres_open(const char *url, const char *schema, size_t clients) {
    struct bare_postgres *postgres = calloc(1, sizeof *postgres);
    postgres->clients = aligned_alloc(128, clients * sizeof *postgres->clients);
    memset(postgres->clients, 0, clients * sizeof *postgres->clients);
    postgres->count = clients;
    char path[128];
    snprintf(path, sizeof path, "SET search_path = %s", schema);
    for (size_t index = 0; index < clients; index++) {
        struct client *client = &postgres->clients[index];
        client->connection = PQconnectdb(url);
        PQclear(PQexec(client->connection, path));
        PGresult *prepared = PQprepare(
            client->connection, "read",
            "SELECT user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope FROM sessions WHERE id = $1",
            0, NULL);
        int is_prepared = PQresultStatus(prepared) == PGRES_COMMAND_OK;
        PQclear(prepared);
        if (!is_prepared) {
            bare_postgres_close(postgres);
            return NULL;
        }
        if (index == 0) read_ids(postgres, client->connection);
        client->ids = postgres->ids;
        client->id_count = postgres->id_count;
        client->random = index;
    }
    if (postgres->id_count > 0) return postgres;
    bare_postgres_close(postgres);
    return NULL;
}

void bare_postgres_close(struct bare_postgres *postgres) {
    for (size_t index = 0; index < postgres->count; index++) PQfinish(postgres->clients[index].connection);
    free(postgres->ids);
    free(postgres->clients);
    free(postgres);
}

static size_t read_rows(void *argument, size_t count) {
    struct client *client = argument;
    size_t good = 0;
    for (size_t done = 0; done < count; done++) {
        const char *values[] = {client->ids[bare_random(&client->random) % client->id_count].bytes};
        const int lengths[] = {32}, formats[] = {1};
        PGresult *rows = PQexecPrepared(client->connection, "read", 1, values, lengths, formats, 1);
        good += PQntuples(rows) == 1;
        PQclear(rows);
    }
    return good;
}

size_t bare_postgres_run(struct bare_postgres *postgres, size_t count_per_client, uint64_t *wall_ns) {
    return bare_clients_run(
        postgres->clients, sizeof *postgres->clients, postgres->count, read_rows, count_per_client, wall_ns);
}
