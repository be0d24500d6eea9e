import Testing

@testable import AuthBenchCLI

@Suite("Series of experiments")
struct SeriesTests {
    @Test("an experiment's command line is what a shell takes for the same words")
    func shell() {
        let experiment = Experiment(
            "a", ["run", "--objective", "p99 <= 5ms", "it's", "hybrid@access=5m,alg=es256", ""])
        #expect(
            experiment.commandLine
                == #"authbench run --objective 'p99 <= 5ms' 'it'\''s' hybrid@access=5m,alg=es256 ''"#)
    }

    @Test("what says where and how results are shown does not decide what is measured")
    func decisive() {
        let typed = [
            "browse", "--out", "a", "--resume=b", "--over", "rate", "1,2", "-q", "--format", "csv", "--quiet",
            "--strategy", "redis",
        ]
        #expect(
            SeriesOptions.decisive(typed) == ["browse", "--over", "rate", "1,2", "--strategy", "redis"])
    }

    @Test(
        "a range has both ends where the step meets them, and texts that a command line takes",
        arguments: [
            (["rate", "100..1000", "x2"], ["100", "200", "400", "800"]),
            (["clients", "1..9", "+4"], ["1", "5", "9"]),
            (["clients", "1..32", "x2"], ["1", "2", "4", "8", "16", "32"]),
            (["store-rtt", "200us..1ms", "+400us"], ["200us", "600us", "1000us"]),
            (["payload", "1KiB..4KiB", "x2"], ["1024", "2048", "4096"]),
            (["access-lifetime", "30s..2m", "x2"], ["30s", "1m", "2m"]),
            (["cache", "500ms..1500ms", "+500ms"], ["500ms", "1s", "1500ms"]),
            (["store-rtt", "direct,0,1ms"], ["direct", "0", "1ms"]),
        ])
    func range(words: [String], texts: [String]) throws {
        #expect(try SweepValues(words).points.map(\.text) == texts)
    }
}
