import AuthCore
@testable import AuthGate
import Backends
import Foundation
import Synchronization
import Testing

@testable import AuthBenchCLI

/// What a program under test says of a strategy: the server of the slice protocol in this process, no program started.
@Suite("Slice server")
struct SliceServerTests {
    /// The strategies of these tests; each is right, and does one thing that must be seen.
    enum Malfunction: Sendable { case none, leak, command, threads, expired, hang }

    /// A session that is its own subject: the first bytes of the line, and whether it has expired.
    struct Plain: AuthStrategy, ~Copyable {
        @TaskLocal static var fault = Malfunction.none

        static let descriptor = StrategyDescriptor(
            id: "plain", title: "for tests", transport: .cookie, revocation: .immediate)
        static func lifetime(under policy: Policy) -> CredentialLifetime {
            CredentialLifetime(policy.lifetimes.idle_ms)
        }
        static func prepare(in environment: Environment) -> Malfunction { fault }

        final class Junk: Sendable {
            let next: Junk?
            let bytes: (UInt64, UInt64) = (1, 2)
            init(_ next: Junk?) { self.next = next }
        }

        static let junk = Mutex<[Junk]>([])
        static let calls = Atomic(0)
        static let isArmed = Atomic(false)
        private let fault: Malfunction
        private var revoked: Set<[UInt8]> = []
        private var serial: UInt8 = 0
        private(set) var storeCommands = 0

        init(sharing fault: Malfunction) { self.fault = fault }

        mutating func login(_ subject: Subject, at now: Instant) -> Credential {
            serial &+= 1
            let age_ms = Instant.traceStart.milliseconds - now.milliseconds
            var line: [UInt8] = [age_ms > 3_600_000 ? 0 : 1, serial]
            for shift in 0..<8 { line.append(UInt8(truncatingIfNeeded: subject.id >> (8 * UInt64(shift)))) }
            line += line
            revoked.remove(line)
            return Credential(headerLine: line)
        }

        mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Decision {
            storeCommands += 1
            let bytes = line.indices.map { line[$0] }
            switch fault {
            case .leak: Self.junk.withLock { $0.append(Junk(nil)) }
            case .command: storeCommands += 1
            case .threads: Self.computeElsewhere()
            case .hang: if Self.isArmed.load(ordering: .relaxed) { sleep(1) }
            case .none, .expired: break
            }
            guard bytes.count == 20, bytes[..<10] == bytes[10...], !revoked.contains(bytes) else {
                return .refused(.unknown)
            }
            let id = bytes[2..<10].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard bytes[0] == 1 else {
                let isDue = Self.calls.add(1, ordering: .relaxed).newValue % 2000 == 0
                return fault == .expired && isDue ? .accepted(Subject(id: id)) : .refused(.expired)
            }
            return .accepted(Subject(id: id))
        }

        private static func computeElsewhere() {
            let done = DispatchSemaphore(value: 0)
            DispatchQueue.global().async {
                let end_ns = DispatchTime.now().uptimeNanoseconds + 200_000
                while DispatchTime.now().uptimeNanoseconds < end_ns {}
                done.signal()
            }
            done.wait()
        }

        mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
            .renewed(copy credential)
        }
        mutating func logout(_ credential: borrowing Credential, at now: Instant) {
            revoked.insert(credential.headerLine)
        }
        mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}
        mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
            Credential(headerLine: [1, 2, 3])
        }
    }

    /// A server that has been told to make some operations of the strategy ready.
    private func server(
        _ operations: [String], _ fault: Malfunction = .none, patience_s: Double = 30
    ) throws -> SliceServer {
        var server = SliceServer([Plain.self], version: "test", patience_s: patience_s)
        let preparation = SliceProtocol.Preparation(
            cases: operations.map { .init(strategy: "plain", operation: $0) }, clients: 2, population: 64,
            seed: 1,
            sqlite_path: "/nonexistent", redis_prefix: "")
        let answer = Plain.$fault.withValue(fault) {
            server.answer(Self.line(.init(prepare: preparation)))
        }
        #expect(answer.prepared?.trace_sha256.count == operations.count, "\(answer.error ?? "")")
        return server
    }

    private static func line(_ request: SliceProtocol.Request) -> String {
        String(decoding: (try? SliceProtocol.line(request)) ?? Data(), as: UTF8.self)
    }

    private func slice(
        _ server: inout SliceServer, _ operations: Int, item: Int = 0
    ) throws -> SliceProtocol.Slice {
        try #require(
            server.answer(Self.line(.init(measure: .init(caseIndex: item, operations: operations)))).slice)
    }

    @Test("each operation of the gate is decided right in its slices, by one client or several")
    func operations() throws {
        let names = GateOperation.all.map(\.name)
        #expect(names.count == 10)
        var server = try server(names)
        for (item, name) in names.enumerated() {
            let slice = try slice(&server, 400, item: item)
            #expect(slice.errors + slice.false_accepts + slice.false_rejects == 0, "\(name)")
            let decided = slice.accepted + slice.refused
            #expect((name == "refused" || name == "expired") == (slice.refused > 300), "\(name)")
            #expect(decided <= 400, "\(name)")
        }
    }

    @Test("commands to the store are counted for each slice")
    func commands() throws {
        var plain = try server(["authenticate"])
        #expect(try slice(&plain, 300).store_commands == 300)
        var dear = try server(["authenticate"], .command)
        #expect(try slice(&dear, 300).store_commands == 600)
    }

    @Test("what is kept of each operation shows in the memory of the process, and what is not does not")
    func memory() throws {
        func grown(_ fault: Malfunction) throws -> Double {
            var server = try server(["authenticate"], fault)
            func told() throws -> Int64 {
                try #require(server.answer(Self.line(.init(times: 0))).times).grown_bytes
            }
            _ = try slice(&server, 2000)
            _ = try told()
            for _ in 0..<10 { _ = try slice(&server, 2000) }
            return Double(try told()) / 20_000
        }
        defer { SliceServerTests.Plain.junk.withLock { $0 = [] } }
        // Other tests of this process take and give memory too, so that one pair alone says nothing; a leak is 48 bytes,
        // and its place in the list.
        let differences = try (0..<9).map { _ in
            let sound = try grown(.none)
            return try grown(.leak) - sound
        }.sorted()
        #expect(differences[4] > 30, "\(differences)")
    }

    @Test("CPU time on a strategy's own threads is the strategy's")
    func threads() throws {
        var server = try server(["authenticate"], .threads)
        let slice = try slice(&server, 50)
        #expect(slice.cpu_ns > slice.clients_cpu_ns + 1_000_000)
    }

    @Test("one expired session of 2000 that is accepted is a false accept of a slice")
    func expired() throws {
        var server = try server(["expired"], .expired)
        #expect(try slice(&server, 4000).false_accepts >= 1)
    }

    @Test("a strategy that hangs is named before the gate loses patience")
    func hang() throws {
        var server = try server(["authenticate"], .hang, patience_s: 0.2)
        Plain.isArmed.store(true, ordering: .relaxed)
        let answer = server.answer(Self.line(.init(measure: .init(caseIndex: 0, operations: 8))))
        #expect(answer.error?.hasPrefix("plain hangs: for 0.2 s none of its clients") == true, "\(answer)")
    }

    @Test("a strategy whose requests prolong its sessions is known by its lifetime")
    func touches() {
        #expect(SliceServer([Plain.self], version: "test").greeting.strategies.map(\.touches) == [true])
    }

    @Test(
        "of a program that ended the line is shown that says why",
        arguments: [
            (
                "Mod/File.swift:3: Fatal error: out of range\n\n*** Signal 4\n\nThread 0 crashed:\n0 0x1",
                "Mod/File.swift:3: Fatal error: out of range"
            ),
            (
                "noise\n\u{1B}[31m*** Program crashed: Bad pointer at 0x0 ***\nThread 1:\n",
                "[31m*** Program crashed: Bad pointer at 0x0 ***"
            ),
            ("one\ntwo\n\n", "two"), ("", nil),
        ] as [(String, String?)])
    func lastWords(text: String, reason: String?) { #expect(LastWords.reason(in: text) == reason) }
}
