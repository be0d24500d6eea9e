import AuthConformance
import Foundation
import Testing

@testable import AuthBenchCLI

/// `conform` on strategies that end their process, hold it up or print, in a program of their own.
@Suite("Conformance in processes")
struct ConformProcessTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func conform(_ strategy: String, _ options: String...) throws -> Program.Result {
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = ["conform", "--strategy", strategy] + options
        return try Program(
            arguments, in: folder,
            url: Program.debugURL.deletingLastPathComponent().appendingPathComponent("BrokenStrategies")
        ).finish()
    }

    @Test(
        "a strategy that crashes is named, with the requirement and its own words, and what was found is shown"
    )
    func crash() throws {
        let result = try conform("crashes")
        #expect(result.status == 2)
        #expect(result.errors.contains("crashes could not be tried from CRD-05 on: it crashed with signal"))
        #expect(result.errors.contains("Fatal error: on purpose"))
        #expect(
            result.output.contains(
                "CRD-04  nothing accepted or renewed after its lifetime, all before: passed"))
        #expect(result.output.contains("not tried: the trial ended with CRD-05"))
    }

    @Test("that a strategy printed nothing is not enough where nothing else could be tried")
    func onlySilent() {
        let findings = Requirement.all.map { requirement in
            Finding(
                requirement, of: "away",
                requirement.id == Requirement.silence ? .passed(cases: 1) : .notTried("its store was away"))
        }
        let fault = ConformCommand.fault(findings)
        #expect(fault?.status == ExitStatus.runtime)
        #expect(fault?.message.contains("no requirement was tried on away") == true)
    }

    @Test("a strategy that hangs is given up after the time that was asked for, and its verb named")
    func hang() throws {
        let result = try conform("hangs", "--patience", "0.5")
        #expect(result.status == 2)
        #expect(
            result.errors.contains(
                "hangs could not be tried from CRD-04 on: renew has not come back within 0.5 s"))
    }

    @Test("a strategy that ends the process is no success")
    func exit() throws {
        let result = try conform("leaves")
        #expect(result.status == 2)
        let reason =
            "CRD-05 on: it ended the process with status 2: authbench: a strategy, or a library of it, called exit"
        #expect(result.errors.contains(reason))
    }

    @Test("a strategy that prints is found out, and does not disturb the data on stdout")
    func printing() throws {
        let result = try conform("prints", "--format", "json")
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains("not as required: prints CRD-08"))
        let rows = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
        let verdicts = Dictionary(
            (rows ?? []).map { ($0["requirement"] as? String ?? "", $0["verdict"] as? String ?? "") }
        ) { $1 }
        #expect(verdicts["CRD-08"] == "failed")
        #expect(verdicts.values.count { $0 == "failed" } == 1)
    }

    @Test("as many files may be open as the system allows")
    func files() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = Program.debugURL.deletingLastPathComponent().appendingPathComponent("BrokenStrategies")
        let result = try Program(
            after: "ulimit -Sn 64", of: program, ["conform", "--strategy", "needs-files", "-q"], in: folder
        ).finish()
        #expect(result.status == 0, "\(result.errors)\(result.output)")
        #expect(result.output.contains("0 failed"))
    }
}
