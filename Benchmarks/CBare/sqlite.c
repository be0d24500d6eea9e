#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "CBare.h"
#include "clients.h"

enum { id_bytes = 32 };

// On cache lines of its own: its thread writes the random state at each turn.
struct client {
    sqlite3 *connection;
    sqlite3_stmt *statement;
    const uint8_t *ids;
    size_t sessions;
    uint64_t random;
} __attribute__((aligned(128)));

struct bare_sqlite {
    struct client *clients;
    size_t count;
    uint8_t *ids;
};

// What `SQLiteSessionStrategy` runs for each request.
static const char point_read[] =
    "SELECT user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope FROM sessions WHERE id = ?1";

static sqlite3 *connect_to(const char *path) {
    sqlite3 *connection;
    sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_exec(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    return connection;
}

static size_t read_ids(sqlite3 *connection, uint8_t **ids) {
    sqlite3_stmt *statement;
    size_t count = 0;
    *ids = NULL;
    if (sqlite3_prepare_v2(connection, "SELECT count(*) FROM sessions", -1, &statement, NULL) != SQLITE_OK) return 0;
    if (sqlite3_step(statement) == SQLITE_ROW) *ids = malloc((size_t)sqlite3_column_int64(statement, 0) * id_bytes + 1);
    sqlite3_finalize(statement);
    sqlite3_prepare_v2(connection, "SELECT id FROM sessions", -1, &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        memcpy(*ids + id_bytes * count++, sqlite3_column_blob(statement, 0), id_bytes);
    sqlite3_finalize(statement);
    return count;
}

struct bare_sqlite *bare_sqlite_open(const char *path, size_t clients) {
    struct bare_sqlite *sqlite = calloc(1, sizeof *sqlite);
    sqlite->clients = aligned_alloc(128, clients * sizeof *sqlite->clients);
    memset(sqlite->clients, 0, clients * sizeof *sqlite->clients);
    sqlite->count = clients;
    size_t sessions = 0;
    for (size_t index = 0; index < clients; index++) {
        struct client *client = &sqlite->clients[index];
        client->connection = connect_to(path);
        if (index == 0) sessions = read_ids(client->connection, &sqlite->ids);
        sqlite3_prepare_v3(client->connection, point_read, -1, SQLITE_PREPARE_PERSISTENT, &client->statement, NULL);
        client->ids = sqlite->ids;
        client->sessions = sessions;
        client->random = index;
    }
    if (sessions > 0) return sqlite;
    bare_sqlite_close(sqlite);
    return NULL;
}

void bare_sqlite_close(struct bare_sqlite *sqlite) {
    for (size_t index = 0; index < sqlite->count; index++) {
        sqlite3_finalize(sqlite->clients[index].statement);
        sqlite3_close_v2(sqlite->clients[index].connection);
    }
    free(sqlite->clients);
    free(sqlite->ids);
    free(sqlite);
}

static size_t read_sessions(void *argument, size_t count) {
    struct client *client = argument;
    sqlite3_stmt *statement = client->statement;
    size_t good = 0;
    for (size_t done = 0; done < count; done++) {
        const uint8_t *id = client->ids + id_bytes * (bare_random(&client->random) % client->sessions);
        sqlite3_bind_blob(statement, 1, id, id_bytes, SQLITE_STATIC);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            int64_t sum = 0;
            for (int column = 0; column < 5; column++) sum += sqlite3_column_int64(statement, column);
            good += sum > 0 && sqlite3_column_blob(statement, 5) != NULL && sqlite3_column_bytes(statement, 5) > 0;
        }
        sqlite3_reset(statement);
    }
    return good;
}

size_t bare_sqlite_run(struct bare_sqlite *sqlite, size_t count_per_client, uint64_t *wall_ns) {
    return bare_clients_run(
        sqlite->clients, sizeof *sqlite->clients, sqlite->count, read_sessions, count_per_client, wall_ns);
}
