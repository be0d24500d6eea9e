import AuthResults
import Foundation
import Testing

@testable import AuthDecision

@Suite struct EvidenceTests {
    @Test func `a folder that does not exist is refused with its path`() {
        let reader = ResultReader(URL(fileURLWithPath: "/nowhere"))
        #expect(throws: ResultError("/nowhere: there is no such folder: measure again")) {
            _ = try Evidence([("nowhere", nil, reader)])
        }
    }

    @Test(arguments: [
        (#""cores" : "#, #""cores" : 9"#, "measured on another machine"),
        (#""schema_version" : 5"#, #""schema_version" : 4"#, "schema_version is 4, not 5"),
        (#""status" : "complete""#, #""status" : "failed""#, "the run is failed"),
    ])
    func `a folder that cannot stand beside the others is refused`(
        _ text: String, _ other: String, _ reason: String
    ) throws {
        let copy = try Recorded()
        defer { copy.remove() }
        let record = try SeriesRecord(readFrom: copy.url)
        let readers = try ["read", "eight"].map { name in
            let url = try #require(try record.results(of: name, in: copy.url)?.first).url
            if name == "eight" {
                let file = url.appendingPathComponent("run.json")
                let json = try String(contentsOf: file, encoding: .utf8)
                try #require(json.contains(text))
                try json.replacing(text, with: other).write(to: file, atomically: true, encoding: .utf8)
            }
            return (experiment: name, command: String?.none, reader: ResultReader(url))
        }
        let error = #expect(throws: ResultError.self) { _ = try Evidence(readers) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test func `rows are found by strategy and by what other columns hold`() throws {
        let rows = try Recorded.evidence().rows(
            "latency.csv", of: "read", "redis-session", where: ["operation": "authenticate"])
        #expect(rows.count == 5)
        #expect(rows.allSatisfy { $0.strategy == "redis-session" && $0.folder.experiment == "read" })
    }
}
