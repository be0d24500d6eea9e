import CAuthBenchPostgreSQL
import Glibc

/// A prepared statement with the bytes of its parameters, to be run again and again; all are binary.
@safe package struct PostgreSQLStatement: ~Copyable {
    /// Ends with a zero byte.
    private let name: UnsafeMutablePointer<CChar>
    private var bytes: [UInt8] = []
    /// Where each parameter begins in the bytes, and how long it is.
    private var starts: [Int] = []
    private var lengths: [Int32] = []

    static func name(_ number: Int) -> String { "s\(number)" }

    init(number: Int) { unsafe name = strdup(Self.name(number)) }

    deinit { unsafe free(name) }

    /// Forgets the parameters of the last run.
    package mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Appends a parameter of type `bigint`.
    package mutating func bind(_ value: Int64) {
        let start = bytes.count
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
        }
        note(start)
    }

    /// Appends a parameter of type `bytea` or `text`.
    package mutating func bind(_ value: Span<UInt8>) {
        let start = bytes.count
        for index in value.indices { bytes.append(value[index]) }
        note(start)
    }

    private mutating func note(_ start: Int) {
        starts.append(start)
        lengths.append(Int32(bytes.count - start))
    }

    @unsafe borrowing func send(on connection: OpaquePointer) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(1, starts.count)) {
            pointers in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, starts.count)) { formats in
                unsafe bytes.withUnsafeBytes { bytes in
                    for (index, start) in starts.enumerated() {
                        // libpq takes a null pointer for NULL, so that an empty value points somewhere too.
                        let base = unsafe bytes.baseAddress ?? UnsafeRawPointer(name)
                        unsafe pointers[index] = (base + start).assumingMemoryBound(to: CChar.self)
                        unsafe formats[index] = 1
                    }
                    return unsafe PQsendQueryPrepared(
                        connection, name, Int32(starts.count), pointers.baseAddress, lengths,
                        formats.baseAddress, 1) == 1
                }
            }
        }
    }
}

/// The rows of one answer; owns what libpq allocated for them.
@safe package struct PostgreSQLRows: ~Copyable {
    private let result: OpaquePointer

    @unsafe init(_ result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    var error: PostgreSQLError? {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return nil
        default:
            let code = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map {
                unsafe String(cString: $0)
            }
            let message = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map {
                unsafe String(cString: $0)
            }
            return .server(code: code ?? "", message: message ?? "no reason was given")
        }
    }

    package var count: Int { unsafe Int(PQntuples(result)) }

    package var columns: Int32 { unsafe PQnfields(result) }

    /// How many rows a statement has changed.
    package var changed: Int {
        unsafe PQcmdTuples(result).flatMap { unsafe Int(String(cString: $0)) } ?? 0
    }

    /// A `bigint`.
    package func integer(_ row: Int, _ column: Int32) -> Int64 {
        withBytes(row, column) { bytes in
            guard bytes.count == 8 else { return 0 }
            var value: UInt64 = 0
            for index in bytes.indices { value = value << 8 | UInt64(bytes[index]) }
            return Int64(bitPattern: value)
        }
    }

    /// A text, in whatever format it came.
    package func text(_ row: Int, _ column: Int32) -> String {
        String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// The bytes of a `bytea` or a text, copied.
    package func bytes(_ row: Int, _ column: Int32) -> [UInt8] {
        withBytes(row, column) { bytes in bytes.indices.map { bytes[$0] } }
    }

    /// Hands over the bytes of a `bytea` or a text where they lie.
    package func withBytes<Result>(_ row: Int, _ column: Int32, _ body: (Span<UInt8>) -> Result) -> Result {
        let start = unsafe PQgetvalue(result, Int32(row), column)
        let count = unsafe start == nil ? 0 : Int(PQgetlength(result, Int32(row), column))
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return unsafe body(Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
    }
}

/// A failed statement: what was tried, and what the library or the server said.
package enum PostgreSQLError: Error, CustomStringConvertible, Equatable {
    /// The connection failed: refused, timed out or closed.
    case connection(operation: String, message: String)
    /// The server answered with an error, by its SQLSTATE
    /// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    case server(code: String, message: String)

    /// Whether the server was away, busy or full, for which nobody who asks it is to blame.
    package var isOutage: Bool {
        switch self {
        case .connection: true
        // Connection exceptions, resources, operator intervention, system errors, and a server that only reads.
        case .server(let code, _): ["08", "53", "57", "58"].contains(code.prefix(2)) || code == "25006"
        }
    }

    package var description: String {
        switch self {
        case .connection(let operation, let message): "PostgreSQL: could not \(operation): \(message)"
        case .server(let code, let message): "PostgreSQL answered: \(message) (\(code))"
        }
    }
}
