import AuthCore
import AuthStrategies
import Foundation

/// Something on one thread that asks no store, so that the instructions it takes are always the same.
package struct InstructionCase {
    package let name: String
    package let operation: String
    /// Does a number of operations in `authbenchCountedOperations`, and says how many went right.
    package let run: (Int) throws -> Int

    /// Those that a program has.
    package static func all(of registry: StrategyRegistry) -> [InstructionCase] {
        let strategies = registry.filter {
            $0.descriptor.stores.isEmpty && $0.descriptor.transport != .none
        }
        let cases = strategies.map { authenticate($0) }
        let readsClaims = strategies.contains { $0.descriptor.id == HS256JWTStrategy.descriptor.id }
        return cases + (readsClaims ? [claimsReader] : [])
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

/// Compares how many instructions two programs take for the same work: no noise, and so 1 % shows.
///
/// What it is blind to: time in the kernel, locks, cache misses and branches, and the instructions that Valgrind hides from
/// the programs (SHA extensions, ADX, AVX-512): OpenSSL takes its AVX2 code there, so a change of what is hidden is not
/// seen. It stands beside the count of times and replaces nothing.
struct InstructionCounts {
    /// A multiple of 100, so that each per cent of a defect is there in whole operations.
    static let operations = 400

    let counter: any InstructionCounter
    /// The strategies to count, by their identifiers; all cases when empty.
    var strategies: Set<String> = []

    /// Counts the cases that both programs have, and those again that take more in the head.
    ///
    /// - Parameters:
    ///   - base: the program that is good enough.
    ///   - head: the program that must not be worse.
    ///   - progress: gets each case's name before it is counted.
    /// - Returns: a count for each case of either program, in the order of the head.
    /// - Throws: `GateError` when a program does not run, decides wrongly or does not know the protocol.
    func measure(base: URL, head: URL, progress: (String) -> Void) throws -> [InstructionCount] {
        let (before, after) = (try cases(of: base), try cases(of: head))
        let gone = before.filter { !after.contains($0) }
        return try after.map { item in
            guard before.contains(item) else { return unpaired(item, isNew: true) }
            progress(item.name)
            let first = try count(item, base, head, runs: 1)
            guard first.isMore else { return first }
            progress("\(item.name), once more")
            return try count(item, base, head, runs: 2)
        } + gone.map { unpaired($0, isNew: false) }
    }

    private func cases(of program: URL) throws -> [InstructionAnswer.Case] {
        try counter.cases(of: program).filter { strategies.isEmpty || strategies.contains($0.name) }
    }

    private func count(
        _ item: InstructionAnswer.Case, _ base: URL, _ head: URL, runs: Int
    ) throws -> InstructionCount {
        let (base, head) = try counter.instructions(item.name, Self.operations, base: base, head: head)
        func perOperation(_ count: UInt64) -> Double { Double(count) / Double(Self.operations) }
        return InstructionCount(
            name: item.name, operation: item.operation, base: perOperation(base), head: perOperation(head),
            runs: runs)
    }

    private func unpaired(_ item: InstructionAnswer.Case, isNew: Bool) -> InstructionCount {
        InstructionCount(
            name: item.name, operation: item.operation, base: nil, head: nil, runs: 0,
            why: isNew ? "new: the base has no such case" : "gone: the head has no such case")
    }
}

/// Counts the instructions of programs; the tests have one without programs.
protocol InstructionCounter {
    func cases(of program: URL) throws -> [InstructionAnswer.Case]

    /// Counts what a number of operations takes in each of two programs.
    func instructions(
        _ name: String, _ operations: Int, base: URL, head: URL
    ) throws -> (base: UInt64, head: UInt64)
}

/// What `count-instructions` prints, one line of JSON, and what the count reads from another program.
package enum InstructionAnswer {
    /// Changes when another version could not read the lines.
    static let version = 2

    /// Of any answer, in any version.
    struct Versioned: Decodable {
        var instructions_protocol: Int
    }

    /// Which cases a program has.
    package struct Cases: Codable, Equatable {
        var instructions_protocol = version
        var cases: [Case]

        package init(_ cases: [Case]) { self.cases = cases }
    }

    package struct Case: Codable, Equatable {
        var name: String
        var operation: String

        package init(name: String, operation: String) { (self.name, self.operation) = (name, operation) }
    }

    /// That a case has been run, every decision right.
    package struct Done: Codable, Equatable {
        var instructions_protocol = version
        var name: String
        var operations: Int

        package init(_ name: String, operations: Int) { (self.name, self.operations) = (name, operations) }
    }

    package static func line(_ answer: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answer), as: UTF8.self) + "\n"
    }
}

/// Does operations one after the other: what Callgrind counts is what happens in here, and nothing else.
///
/// Its name is given to `--toggle-collect`, so it is never inlined and nothing in it may bear its name, a closure for
/// instance: each entry of another function of that name would switch the counting off and on again.
///
/// - Parameters:
///   - count: how many.
///   - operation: one of them; gets its number from 0, and says whether its outcome was right.
/// - Returns: how many outcomes were right.
/// - Throws: what an operation throws.
@inline(never)
func authbenchCountedOperations(_ count: Int, _ operation: (Int) throws -> Bool) throws -> Int {
    var right = 0
    for index in 0..<count where try operation(index) { right += 1 }
    return right
}
