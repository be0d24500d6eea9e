import Foundation
import Testing

@testable import AuthResults
@testable import AuthVerdict

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("Renderings of a comparison")
struct VerdictFormatTests {
    private let mixed = VerdictReport.example(VerdictRow.Verdict.allCases.map { .example($0) })

    /// Text that each format must take apart or mark.
    private var hostile: VerdictReport {
        var row = VerdictRow.example(.regression)
        row.why = "a|b <i>\"&\" ]]> 'x'\n\u{1B}[31m\u{0}\u{FFFE}, `y`"
        return VerdictReport(
            title: "t|<b>\u{7}", base: "ba\nse|`", head: "<head>&\"", rows: [row], notes: [("n|\n", "<v>")])
    }

    @Test("every format shows every row, the gravest first")
    func everyRow() throws {
        for format in VerdictFormat.allCases where format != .json {
            let text = try format.text(mixed)
            for word in ["wrong because", "regression because", "inconclusive because", "not gated because"] {
                #expect(text.contains(word), "\(format): \(text)")
            }
            let places = ["wrong because", "regression because", "advisory because"].compactMap {
                text.range(of: $0)?.lowerBound
            }
            #expect(places == places.sorted() && places.count == 3, "\(format)")
            #expect(text.hasSuffix("\n"))
        }
    }

    @Test("the table has at most 100 columns, and the least change that would be found beside each pass")
    func table() throws {
        let passing = VerdictReport.example([.example(.pass), .example(.pass, metric: "cpu_us_per_op")])
        let text = try VerdictFormat.table.text(passing)
        #expect(text.hasPrefix("PASS  example (2 pass)\n  a -> b\n"), "\(text)")
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 100 }, "\(text)")
        #expect(lines.contains { $0.contains("MDE") })
        #expect(lines.count { $0.hasPrefix("pass ") && $0.hasSuffix("2.3%") } == 2, "\(text)")
        #expect(lines.contains("all rows: workload mixed, operation login, clients 8, n 24"), "\(text)")
        #expect(!text.contains("\u{1B}"))
        #expect(try VerdictFormat.table.text(mixed, isColored: true).contains("\u{1B}[31m"))
    }

    @Test("no text of a name moves the cursor or ends a line of a table")
    func hostileText() throws {
        let table = try VerdictFormat.table.text(hostile)
        #expect(!table.contains("\u{1B}") && !table.contains("\u{7}"))
        let markdown = try VerdictFormat.markdown.text(hostile)
        let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("| regression") }
        #expect(rows.count == 1 && rows[0].hasSuffix(" |"))
        #expect(rows[0].replacing("\\|", with: "").count { $0 == "|" } == 13, "\(rows)")
        #expect(!markdown.replacing("<head>", with: "").contains("<b>"))
        #expect(!markdown.contains("<i>"))
    }

    @Test("Markdown shows what matters and folds the rest")
    func markdown() throws {
        let text = try VerdictFormat.markdown.text(mixed)
        #expect(text.hasPrefix("## ❌ example: wrong decisions\n"))
        let parts = text.components(separatedBy: "<details>")
        #expect(parts.count == 2)
        #expect(parts[0].contains("| regression |") && !parts[0].contains("| pass |"))
        #expect(parts[1].contains("| pass |") && parts[1].contains("3 more rows"))
    }

    @Test("JSON has the whole report, CSV the columns of the rows")
    func programs() throws {
        let data = Data(try VerdictFormat.json.text(mixed).utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["verdict"] as? String == "wrong decisions")
        let rows = try #require(object["rows"] as? [[String: Any]])
        #expect(rows.count == mixed.rows.count)
        #expect(rows[0]["change_percent"] as? Double == 10)
        let table = try CSVTable(VerdictFormat.csv.text(hostile))
        #expect(
            table.header.joined(separator: ",")
                == "strategy,workload,operation,clients,metric,base,head,change_percent,ci95_low_percent,"
                + "ci95_high_percent,p,p_holm,n,sigma_b_percent,mde_percent,stage,verdict,why")
        #expect(table.rows.count == 1)
        #expect(
            table.rows[0].dropLast()
                == [
                    "hs256-jwt", "mixed", "login", "8", "p50_ns", "1000.0000", "1100.0000", "10.0000",
                    "8.0000",
                    "12.3000", "0.0010000000", "0.0100000000", "24", "2.0000", "2.3000", "2", "regression",
                ])
    }

    @Test("JUnit counts failures, errors and skipped tests as it lists them, whatever the names hold")
    func junit() throws {
        for report in [
            mixed, hostile, .example([]), .example([.example(.pass)]), .example([.example(.advisory)]),
        ] {
            let text = try VerdictFormat.junit.text(report)
            let counter = ElementCounter()
            let parser = XMLParser(data: Data(text.utf8))
            parser.delegate = counter
            #expect(parser.parse(), "\(text)")
            #expect(counter.counts["testcase"] == report.rows.count + 1)
            let suite = counter.suite
            #expect(suite["tests"] == String(report.rows.count + 1))
            for (attribute, element) in [
                ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"),
            ] {
                #expect(suite[attribute] == String(counter.counts[element] ?? 0), "\(text)")
            }
        }
        #expect(try VerdictFormat.junit.text(.example([])).contains("errors=\"1\""), "nothing is no pass")
        let passing = try VerdictFormat.junit.text(.example([.example(.pass)]))
        #expect(passing.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\""), "\(passing)")
    }

    private final class ElementCounter: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]
        var suite: [String: String] = [:]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            counts[name, default: 0] += 1
            if name == "testsuite" { suite = attributes }
        }
    }
}
