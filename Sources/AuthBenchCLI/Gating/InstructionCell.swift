import AuthCore
import AuthStrategies

/// Something on one thread that asks no store, so that the instructions it takes are always the same.
struct InstructionCell {
    let name: String
    let operation: String
    /// Does a number of operations in `authbenchCountedOperations`, and says how many went right.
    let run: (Int) throws -> Int

    /// Those that the strategies of this program have.
    static var all: [InstructionCell] {
        let strategies = Registry.strategies.filter {
            $0.descriptor.stores.isEmpty && $0.descriptor.transport != .none
        }
        let cells = strategies.map { authenticate($0) }
        let readsClaims = strategies.contains { $0.descriptor.id == HS256JWTStrategy.descriptor.id }
        return cells + (readsClaims ? [claimsReader] : [])
    }

    /// As many different credentials are presented in turn, and as often once before the counting starts.
    private static let credentialCount = 16

    private static func authenticate<S: AuthStrategy & ~Copyable>(_: S.Type) -> Self {
        Self(name: S.descriptor.id, operation: "authenticate") { count in
            let shared = try S.prepare(
                in: Environment(policy: Policy(), sqlite: SQLiteSettings(path: "")))
            var strategy = try S(sharing: shared)
            let now = Instant.traceStart
            let credentials = try (0..<credentialCount).map {
                try strategy.login(Subject(id: UInt64($0) + 1), at: now)
            }
            func isAccepted(_ index: Int) throws -> Bool {
                let index = index % credentialCount
                let line = credentials[index].headerLine
                return try strategy.authenticate(line.span, requiring: .read, at: now)
                    == .accepted(Subject(id: UInt64(index) + 1))
            }
            for index in 0..<credentialCount { _ = try isAccepted(index) }
            return try authbenchCountedOperations(count, isAccepted)
        }
    }

    private static var claimsReader: Self {
        Self(name: "claims-reader", operation: "read") { count in
            let reading = try AccessTokenReading(
                count: credentialCount, policy: Policy(), at: .traceStart)
            func isRead(_ index: Int) -> Bool {
                let index = index % credentialCount
                let payload = reading.payloads[index]
                return reading.areClaimsRead(payload.span, of: Subject(id: UInt64(index) + 1))
            }
            for index in 0..<credentialCount { _ = isRead(index) }
            return try authbenchCountedOperations(count, isRead)
        }
    }
}
