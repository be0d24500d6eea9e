import AuthCore
import Foundation
import Testing

@testable import AuthGate
@testable import AuthResults
@testable import AuthVerdict

/// What a text becomes when one of its numbers is another: in turn each number, and each of the extremes.
func withExtremes(_ text: String, of wanted: (Int) -> Bool = { _ in true }, _ body: (String) throws -> Void)
    rethrows
{
    let extremes = [
        "-1", "9223372036854775807", "18446744073709551615", "18446744073709551616",
        String(repeating: "9", count: 320),
    ]
    for (place, match) in text.matches(of: /-?[0-9]+(\.[0-9]+)?/).enumerated() where wanted(place) {
        for extreme in extremes { try body(text.replacingCharacters(in: match.range, with: extreme)) }
    }
}

@Suite("Damaged files")
struct DamagedFilesTests {
    private static let histogram = """
        {"schema_version":\(RunIdentity.schemaVersion),"run_id":"r","strategy":"s","workload":"w","trace_sha256":"t",
        "repeat":1,"operation":"login","clock":"service",
        "lower_ns":[5,2048],"upper_ns":[5,2049],"count":[3,4],"slices":[[0,1,1,4],[0,2]]}
        """

    @Test("a histogram with an impossible number is a fault, never a crash and never a histogram")
    func histogram() throws {
        #expect(try HistogramLine(json: Data(Self.histogram.utf8)).times.total.count == 7)
        let start = Self.histogram.firstRange(of: "\"lower_ns\"")?.lowerBound
        let (head, numbers) = (
            String(Self.histogram[..<(try #require(start))]), String(Self.histogram[(try #require(start))...])
        )
        withExtremes(numbers) { text in
            #expect(throws: ResultError.self, "\(text)") {
                _ = try HistogramLine(json: Data((head + text).utf8))
            }
        }
    }

    @Test(
        "buckets and slices that are none of a histogram are a fault",
        arguments: [
            (#"[5,2048],"upper_ns":[5,2049],"count":[3,4]"#, #"[[0,1,1,4],[2,2]]"#),
            (#"[5],"upper_ns":[5],"count":[7]"#, #"[[0,3,0,4]]"#),
            (#"[5],"upper_ns":[5],"count":[18446744073709551615]"#, #"[[0,18446744073709551615],[0,1]]"#),
            (#"[5],"upper_ns":[5],"count":[2]"#, #"[[0,18446744073709551615],[0,3]]"#),
            (#"[5],"upper_ns":[5],"count":[]"#, "[[0,1]]"), (#"[5],"upper_ns":[],"count":[1]"#, "[[0,1]]"),
            (#"[5],"upper_ns":[6],"count":[1]"#, "[[0,1]]"),
            (#"[2048,5],"upper_ns":[2049,5],"count":[3,4]"#, "[[0,3,1,4]]"),
            (#"[9223372036854775808],"upper_ns":[9232379236109516799],"count":[1]"#, "[[0,1]]"),
            (#"[70368744177664],"upper_ns":[70437463654399],"count":[1]"#, "[[0,1]]"),
        ])
    func shapes(buckets: String, slices: String) throws {
        let text = Self.histogram.replacing(#"[5,2048],"upper_ns":[5,2049],"count":[3,4]"#, with: buckets)
            .replacing("[[0,1,1,4],[0,2]]", with: slices)
        #expect(throws: ResultError.self) { _ = try HistogramLine(json: Data(text.utf8)) }
    }

    @Test("a recording with an impossible number is refused or judged, never a crash")
    func recording() throws {
        let encoder = JSONEncoder()
        let lines = try GateScript().lines(blocks: [1]).map {
            String(decoding: try encoder.encode($0), as: UTF8.self)
        }
        for (place, line) in lines.enumerated() {
            try withExtremes(line) { text in
                var changed = lines
                changed[place] = text
                let decoded = changed.compactMap {
                    try? JSONDecoder().decode(GateLine.self, from: Data($0.utf8))
                }
                guard let recording = try? GateRecording(decoded) else { return }
                let report = GateEvaluation(recording).report
                for format in VerdictFormat.allCases { _ = try format.text(report) }
            }
        }
    }

    @Test(
        "counts beyond what a double holds are no counts of a file",
        arguments: [ColumnKind.count, .optionalTime])
    func counts(kind: ColumnKind) {
        #expect(kind.accepts("9007199254740992"))
        #expect(
            !kind.accepts("9007199254740993") && !kind.accepts("18446744073709551616") && !kind.accepts("-1"))
    }

    @Test("the greatest count there is has quantiles")
    func greatestCount() {
        let histogram = LatencyHistogram([.init(index: 5, count: .max)])
        #expect(histogram.value_ns(at: 1) == 5 && histogram.value_ns(at: 0.5) == 5)
    }
}
