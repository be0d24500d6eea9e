import AuthCore
import AuthResults
import AuthStrategies
import Foundation
import Testing

@testable import AuthDecision

/// What `advise` says on the recorded runs of this repository.
@Suite("Advice")
struct AdviceTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static var measured: Result<Evidence, ResultError> {
        let names = [
            "reference", "reference-distance/200us", "reference-distance/1000us", "reference-distance/5000us",
            "reference-exposure", "reference-outage",
        ]
        return Result { () throws(ResultError) in
            try Evidence(names.map { root.appendingPathComponent("results/\($0)") })
        }
    }

    private static let traits: [String: StrategyTraits] = {
        let choices = (try? StrategyChoice.named(["all"], among: builtinStrategies)) ?? []
        return Dictionary(uniqueKeysWithValues: choices.map { ($0.descriptor.id, StrategyTraits($0)) })
    }()

    private let measured: Evidence

    init() throws { measured = try Self.measured.get() }

    private func advice(_ requirements: Requirements) throws -> Advice {
        Advice(requirements, measured, Self.traits.filter { $0.key != "null-baseline" })
    }

    private func scenario(_ name: String) throws -> Requirements {
        try Requirements(
            json: Data(contentsOf: Self.root.appendingPathComponent("Examples/requirements/\(name).json")))
    }

    @Test(
        "the three scenarios of the articles come out as the recorded rows say",
        arguments: [
            ("web-application", "sqlite-session"), ("service-to-service", "rs256-jwt"),
            ("third-party-api", "hybrid"),
        ])
    func scenarios(name: String, recommended: String) throws {
        let advice = try advice(try scenario(name))
        #expect(advice.recommended == recommended)
        #expect(advice.undominated.contains(recommended))
        // Every verdict on a number names the row that it is from.
        for one in advice.strategies {
            for finding in one.findings.values where finding.verdict == .ok || finding.verdict == .no {
                #expect(!finding.sources.isEmpty, "\(one.strategy): \(finding)")
            }
        }
    }

    @Test(
        "the same rows give the same answer byte for byte, in every format", arguments: AdviceFormat.allCases)
    func same(format: AdviceFormat) throws {
        let requirements = try scenario("third-party-api")
        let texts = try (0..<3).map { _ in
            try format.text(advice(requirements), command: "authbench advise x")
        }
        #expect(Set(texts).count == 1 && texts[0].contains("hybrid"))
    }

    @Test("a figure is that of the row that it names")
    func figures() throws {
        let advice = try advice(try scenario("third-party-api"))
        let hybrid = try #require(advice.strategies.first { $0.strategy == "hybrid" })
        let rows = try CSVTable(
            String(
                contentsOf: Self.root.appendingPathComponent("results/reference-exposure/exposure.csv"),
                encoding: .utf8)
        ).rows(of: "exposure.csv")
        let row = try #require(rows.first { $0["strategy"] == "hybrid" && $0["withdrawal"] == "logout" })
        let longest = max(row.number("max_ms") ?? 0, row.number("theory_max_ms") ?? 0)
        #expect(hybrid.findings[.logout]?.least == longest * 1e6)
    }

    @Test("a requirement that no row speaks to is unknown, and nothing is recommended for it")
    func unknown() throws {
        var requirements = Requirements()
        try requirements.set(.p99, "5ms")
        try requirements.set(.requestsPerSecond, "2000")
        let advice = try advice(requirements)
        #expect(advice.recommended == nil)
        #expect(advice.strategies.allSatisfy { $0.findings[.p99]?.verdict == .unknown })
    }

    /// Draws requirements around what was measured.
    private func drawn(_ source: inout some RandomNumberGenerator) throws -> Requirements {
        var requirements = Requirements()
        func maybe(_ key: RequirementKey, _ texts: [String]) throws {
            guard Bool.random(using: &source), let text = texts.randomElement(using: &source) else { return }
            try requirements.set(key, text)
        }
        try maybe(.logoutWithin, ["0", "10ms", "2s", "14m", "16m", "59m", "2h"])
        try maybe(.permissionChangeWithin, ["0", "1s", "15m", "1h", "3h"])
        try maybe(.p99, ["1us", "5us", "20us", "100us", "900us", "2ms", "10ms"])
        try maybe(.headerLimit, ["60", "300", "500", "800", "4096"])
        try maybe(.storeRTT, ["200us", "1ms", "5ms"])
        try maybe(.services, ["1", "3"])
        try maybe(.stores, ["redis", "sqlite", "sqlite,redis"])
        try maybe(.verifiersMayMint, ["true", "false"])
        try maybe(.whileStoreAway, ["refuse", "go-on"])
        try maybe(.signInsPerDay, ["20000", "1000000000000"])
        return requirements
    }

    @Test("a changed requirement flips the answer where it was said, and not before: 500 requirement files")
    func flips() throws {
        var source = RandomSource(seed: 18)
        var (flipped, distances) = (0, 0)
        for _ in 0..<500 {
            let requirements = try drawn(&source)
            let advice = try advice(requirements)
            for flip in advice.flips {
                let required = requirements[flip.key] ?? 0
                flipped += 1
                #expect(
                    try self.advice(requirements.setting(flip.key, to: flip.value)).recommended
                        == flip.recommended)
                #expect(flip.recommended != advice.recommended)
                // Anywhere on the way there, the answer is the old one; of a distance between no row tells.
                guard flip.key != .storeRTT else {
                    distances += 1
                    continue
                }
                let share = Double.random(in: 0..<0.999, using: &source)
                let between = required + (flip.value - required) * share
                guard between != flip.value else { continue }
                #expect(
                    try self.advice(requirements.setting(flip.key, to: between)).recommended
                        == advice.recommended,
                    "\(requirements.texts): \(flip), \(between)")
            }
        }
        #expect(flipped > 100, "\(flipped)")
        #expect(distances > 0, "\(distances)")
    }

    /// Copies a recorded folder, and changes cells of a file and a text of `run.json`.
    private func changed(
        _ name: String, _ id: String, in folder: URL, runs: [String: String] = [:],
        _ file: String, _ change: (inout [String: String]) -> Void
    ) throws -> URL {
        let copy = folder.appendingPathComponent(id)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Self.root.appendingPathComponent("results/\(name)"), to: copy)
        let run = copy.appendingPathComponent("run.json")
        var text = try String(contentsOf: run, encoding: .utf8)
        for (old, new) in runs {
            try #require(text.contains(old), "\(old)")
            text = text.replacing(old, with: new)
        }
        try text.write(to: run, atomically: true, encoding: .utf8)
        let url = copy.appendingPathComponent(file)
        var table = try CSVTable(String(contentsOf: url, encoding: .utf8))
        table.rows = table.rows.map { row in
            var cells = Dictionary(uniqueKeysWithValues: zip(table.header, row))
            change(&cells)
            return table.header.map { cells[$0] ?? "" }
        }
        try Data(table.text.utf8).write(to: url)
        return copy
    }

    @Test("sign-ins that no row carries are unknown, and those that a row carries are told with it")
    func carriedSignIns() throws {
        var requirements = Requirements()
        try requirements.set(.signInsPerDay, "1000000000000")
        let none = try advice(requirements)
        #expect(none.recommended == nil)
        #expect(none.strategies.allSatisfy { $0.findings[.signIns]?.verdict == .unknown })
        try requirements.set(.signInsPerDay, "20000")
        let some = try advice(requirements)
        #expect(some.recommended != nil)
        #expect(some.strategies.contains { $0.findings[.signIns]?.verdict == .ok })
    }

    @Test("a million requests cost what the sign-ins beside them cost, too")
    func costlySignIns() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "advice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let storm = try changed(
            "reference", "storm", in: folder,
            runs: [
                "\"login\" : 0.02": "\"login\" : 0.5", "\"authenticate\" : 0.92": "\"authenticate\" : 0.44",
            ], "summary.csv"
        ) { if $0["operation"] == "authenticate" { $0["operation"] = "unknown" } }
        let busy = try changed(
            "reference", "busy", in: folder,
            runs: [
                "\"login\" : 0.02": "\"login\" : 0.001",
                "\"authenticate\" : 0.92": "\"authenticate\" : 0.958",
                "\"logout\" : 0.02": "\"logout\" : 0.001",
            ], "summary.csv"
        ) { if $0["clock"] == "service" { $0["clock"] = "response" } }
        let throughput = busy.appendingPathComponent("throughput.csv")
        var table = try CSVTable(String(contentsOf: throughput, encoding: .utf8))
        let column = try #require(table.header.firstIndex(of: "target_rate"))
        for index in table.rows.indices { table.rows[index][column] = "20000" }
        try Data(table.text.utf8).write(to: throughput)

        var requirements = Requirements()
        try requirements.set(.requestsPerSecond, "2000")
        func cost(signInsPerSecond: Int, _ folders: [URL]) throws -> AdvisedStrategy {
            try requirements.set(.signInsPerDay, "\(signInsPerSecond * 86_400)")
            let advice = Advice(requirements, try Evidence(folders), Self.traits)
            return try #require(advice.strategies.first { $0.strategy == "redis-session" })
        }
        let row = try #require(
            try CSVTable(String(contentsOf: busy.appendingPathComponent("summary.csv"), encoding: .utf8))
                .rows(of: "summary.csv").first { $0["strategy"] == "redis-session" })
        let cpu_us = (row.number("cpu_us_per_op") ?? 0) + (row.number("store_cpu_us_per_op") ?? 0)
        // 10 sign-ins for 2000 requests, of which the row has 2 already; a sign-in costs what two operations cost.
        let own = try cost(signInsPerSecond: 10, [busy, storm])
        #expect(abs((own.cpu_us ?? 0) / (cpu_us * (1 + 0.004 * 2)) - 1) < 1e-9)
        #expect(own.findings[.signIns]?.verdict == .ok)
        #expect(own.findings[.signIns]?.text.hasSuffix(" s a day") == true)
        // Without a run of sign-ins, what they cost is not known.
        #expect(try cost(signInsPerSecond: 10, [busy]).cpu_us == nil)
        // More than the run carried.
        #expect(try cost(signInsPerSecond: 30, [busy, storm]).findings[.signIns]?.verdict == .unknown)
    }

    @Test("the worst fault decides what happens while the store is away, and those not measured are named")
    func storeAway() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "advice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var requirements = Requirements()
        try requirements.set(.whileStoreAway, "go-on")
        func finding(_ folder: URL) throws -> Finding? {
            Advice(requirements, try Evidence([folder]), Self.traits).strategies
                .first { $0.strategy == "redis-session" }?.findings[.storeAway]
        }
        let slow = try finding(
            changed("reference-outage", "slow", in: folder, "outage.csv") { cells in
                if cells["fault"] != "slow" { cells["decided_share"] = "1.00000" }
            })
        #expect(slow?.verdict == .no && slow?.text == "98 % refused or late (slow)")
        let killed = try finding(
            changed("reference-outage", "killed", in: folder, "outage.csv") { cells in
                cells["decided_share"] = "1.00000"
                if cells["fault"] != "kill" { cells["valid"] = "false" }
            })
        #expect(killed?.verdict == .ok && killed?.text == "goes on; not measured: stop, slow")
    }

    @Test("what nobody asked and no row tells has no line, and no figure stands there twice")
    func lines() throws {
        let reference = try Evidence([Self.root.appendingPathComponent("results/reference")])
        func table(_ key: RequirementKey, _ text: String) throws -> String {
            var requirements = Requirements()
            try requirements.set(key, text)
            return try AdviceFormat.table.text(Advice(requirements, reference, Self.traits), command: "")
        }
        let plain = try table(.p99, "5ms")
        #expect(!plain.contains("while the store is away") && !plain.contains("header line, bytes"))
        #expect(plain.contains("bytes per request"))
        #expect(try table(.whileStoreAway, "go-on").contains("while the store is away"))
        #expect(try table(.headerLimit, "4096").contains("header line, bytes"))
    }

    @Test("a rate or a distance that no row has is unknown, whatever else is asked")
    func conditions() throws {
        for (key, text) in [(RequirementKey.requestsPerSecond, "2000"), (.storeRTT, "30ms")] {
            var requirements = Requirements()
            try requirements.set(key, text)
            let redis = try advice(requirements).strategies.first { $0.strategy == "redis-session" }
            #expect(redis?.meets == false && redis?.unknown == [.p99], "\(key)")
        }
    }

    @Test("results of another schema, of another machine, damaged or unfinished are refused by their folder")
    func refused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "advice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let reference = Self.root.appendingPathComponent("results/reference")
        for (index, (old, new, reason)) in [
            ("\"schema_version\" : 5", "\"schema_version\" : 4", "schema_version is 4"),
            ("\"complete\"", "\"interrupted\"", "the run is interrupted"),
            ("\"run_id\"", "\"run", "run.json"),
            ("\"cpu_model\" : \"", "\"cpu_model\" : \"Another ", "another machine"),
        ].enumerated() {
            let copy = folder.appendingPathComponent("\(index)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: reference, to: copy)
            let file = copy.appendingPathComponent("run.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains(old), "\(old)")
            try text.replacing(old, with: new).write(to: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: ResultError.self) { _ = try Evidence([reference, copy]) }
            #expect(error?.description.contains(copy.path) == true)
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
        #expect(throws: ResultError.self) {
            _ = try Evidence([folder.appendingPathComponent("none")])
        }
    }
}
