import CAuthBenchPostgreSQL
import Dispatch
import Glibc

/// One connection to a PostgreSQL server; one per client, never shared between threads.
///
/// Statements are prepared on it by their place in a list, so that a connection made anew has them again. While no server
/// answers, the pauses between attempts to connect grow as those of Redis do (`ReconnectPause`).
@safe package struct PostgreSQLConnection: ~Copyable {
    package let endpoint: PostgreSQLEndpoint
    private let timeout_ms: Int
    private var connection: OpaquePointer
    private var isBroken = false
    private var statements: [String] = []
    private var pause = ReconnectPause { UInt64.random(in: $0) }
    /// Statements so far, BEGIN and COMMIT among them.
    package private(set) var statementsSent = 0
    /// How often an answer was waited for.
    package var roundTrips: Int { statementsSent }

    /// Connects.
    ///
    /// - Parameters:
    ///   - endpoint: where the server listens, and as whom.
    ///   - timeout_ms: for connecting, and for each statement.
    /// - Throws: `PostgreSQLError` when nothing, or no PostgreSQL server, answers there.
    package init(_ endpoint: PostgreSQLEndpoint, timeout_ms: Int = 2000) throws(PostgreSQLError) {
        Signals.ignoreBrokenPipes()
        (self.endpoint, self.timeout_ms) = (endpoint, timeout_ms)
        unsafe connection = try connected(endpoint, timeout_ms)
    }

    deinit { unsafe PQfinish(connection) }

    /// The number of the socket.
    var descriptor: Int32 { unsafe PQsocket(connection) }

    /// Prepares a statement, whose parameters are `$1`, `$2` and so on.
    package mutating func prepare(_ text: String) throws(PostgreSQLError) -> PostgreSQLStatement {
        try prepare(text, as: statements.count)
        statements.append(text)
        return PostgreSQLStatement(number: statements.count - 1)
    }

    private mutating func prepare(_ text: String, as number: Int) throws(PostgreSQLError) {
        let isSent = unsafe PQsendPrepare(connection, PostgreSQLStatement.name(number), text, 0, nil) == 1
        _ = try finish(isSent: isSent, "prepare a statement")
    }

    /// Runs a prepared statement, all of whose parameters and columns are binary.
    ///
    /// - Returns: its rows.
    /// - Throws: `PostgreSQLError`; where the connection is at fault, the next statement connects anew.
    package mutating func execute(
        _ statement: borrowing PostgreSQLStatement
    ) throws(PostgreSQLError) -> PostgreSQLRows {
        try ready()
        statementsSent += 1
        let isSent = unsafe statement.send(on: connection)
        return try finish(isSent: isSent, "run a statement")
    }

    /// Runs statements in one text, without parameters.
    @discardableResult
    package mutating func execute(_ text: String) throws(PostgreSQLError) -> PostgreSQLRows {
        try ready()
        statementsSent += 1
        return try finish(isSent: unsafe PQsendQuery(connection, text) == 1, "run a statement")
    }

    /// Asks again and again until an expression is true.
    ///
    /// - Parameters:
    ///   - expression: in SQL.
    ///   - limit_s: how long.
    ///   - operation: what fails where it never is.
    /// - Throws: `PostgreSQLError`, also when the time is over.
    package mutating func wait(
        until expression: String, within_s limit_s: Double, to operation: String
    ) throws(PostgreSQLError) {
        let limit = ContinuousClock.now + .seconds(limit_s)
        while try execute("SELECT \(expression)").text(0, 0) != "t" {
            guard ContinuousClock.now < limit else {
                throw .connection(operation: operation, message: "timed out")
            }
            usleep(5000)
        }
    }

    /// Waits until all is answered.
    private mutating func finish(isSent: Bool, _ operation: String) throws(PostgreSQLError) -> PostgreSQLRows
    {
        let limit_ns = DispatchTime.now().uptimeNanoseconds + UInt64(timeout_ms) * 1_000_000
        do throws(PostgreSQLError) {
            guard isSent else { throw unsafe failure(operation, connection) }
            try unsafe waitForAnswer(operation, connection, until_ns: limit_ns)
        } catch {
            isBroken = true
            throw error
        }
        pause.end()
        var last = unsafe PQgetResult(connection)
        // Several statements in one text have a result each.
        while let next = unsafe PQgetResult(connection) {
            if unsafe PQresultStatus(last) == PGRES_FATAL_ERROR {
                unsafe PQclear(next)
            } else {
                unsafe PQclear(last)
                unsafe last = next
            }
        }
        guard let last = unsafe last else {
            isBroken = true
            throw unsafe failure(operation, connection)
        }
        let rows = unsafe PostgreSQLRows(last)
        if let error = rows.error {
            isBroken = unsafe PQstatus(connection) != CONNECTION_OK
            throw error
        }
        return rows
    }

    // MARK: Connecting anew

    private mutating func ready() throws(PostgreSQLError) {
        guard isBroken else { return }
        let left_ms = pause.begin(at: DispatchTime.now().uptimeNanoseconds)
        guard left_ms == 0 else {
            throw .connection(
                operation: "connect to \(endpoint.name)",
                message: "it did not answer a moment ago; the next attempt is in \(left_ms) ms")
        }
        let fresh = try unsafe connected(endpoint, timeout_ms)
        unsafe PQfinish(connection)
        unsafe connection = fresh
        isBroken = false
        for (number, text) in statements.enumerated() { try prepare(text, as: number) }
    }
}

/// Connects without ever waiting longer than allowed (libpq's own `connect_timeout` is in whole seconds, at least 2).
@unsafe private func connected(
    _ endpoint: PostgreSQLEndpoint, _ timeout_ms: Int
) throws(PostgreSQLError) -> OpaquePointer {
    let operation = "connect to \(endpoint.name)"
    guard let connection = unsafe PQconnectStart(endpoint.connectionText) else {
        throw .connection(operation: operation, message: "out of memory")
    }
    let limit_ns = DispatchTime.now().uptimeNanoseconds + UInt64(timeout_ms) * 1_000_000
    var wanted = PGRES_POLLING_WRITING
    while unsafe PQstatus(connection) != CONNECTION_BAD {
        let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
        guard unsafe isReady(PQsocket(connection), Int16(events), until_ns: limit_ns) else {
            unsafe PQfinish(connection)
            throw .connection(operation: operation, message: "timed out")
        }
        wanted = unsafe PQconnectPoll(connection)
        if wanted == PGRES_POLLING_OK { return unsafe connection }
        if wanted == PGRES_POLLING_FAILED { break }
    }
    let message = unsafe failure(operation, connection)
    unsafe PQfinish(connection)
    throw message
}

/// Sends what is unsent and waits until the answer to everything is there.
@unsafe private func waitForAnswer(
    _ operation: String, _ connection: OpaquePointer, until_ns limit_ns: UInt64
) throws(PostgreSQLError) {
    while true {
        let unsent = unsafe PQflush(connection)
        guard unsent >= 0 else { throw unsafe failure(operation, connection) }
        if unsent == 0, unsafe PQisBusy(connection) == 0 { return }
        let events = Int16(unsent == 1 ? POLLIN | POLLOUT : POLLIN)
        guard unsafe isReady(PQsocket(connection), events, until_ns: limit_ns) else {
            throw .connection(operation: operation, message: "timed out")
        }
        guard unsafe PQconsumeInput(connection) == 1 else { throw unsafe failure(operation, connection) }
    }
}

/// Waits until a socket can be read or written.
private func isReady(_ socket: Int32, _ events: Int16, until_ns limit_ns: UInt64) -> Bool {
    while true {
        let now_ns = DispatchTime.now().uptimeNanoseconds
        guard now_ns < limit_ns else { return false }
        var one = pollfd(fd: socket, events: events, revents: 0)
        let found = unsafe poll(&one, 1, Int32((limit_ns - now_ns) / 1_000_000 + 1))
        if found > 0 { return true }
        if found < 0, errno != EINTR { return false }
    }
}

@unsafe private func failure(_ operation: String, _ connection: OpaquePointer) -> PostgreSQLError {
    let message = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
    return .connection(operation: operation, message: message.firstLine)
}

extension String {
    /// Of what libpq says, which ends its lines and may add advice in further ones.
    fileprivate var firstLine: String {
        split(whereSeparator: \.isNewline).first.map(String.init) ?? "no reason was given"
    }
}
