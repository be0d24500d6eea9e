/// Whether an error of a store of ours says that it was away, busy or full, for which nobody who asks it is to blame.
package func isStoreOutage(_ error: any Error) -> Bool {
    switch error {
    case let error as RedisError: error.isOutage
    case let error as SQLiteError: error.isOutage
    case let error as PostgreSQLError: error.isOutage
    case let error as HTTPError: error.isOutage
    default: false
    }
}
