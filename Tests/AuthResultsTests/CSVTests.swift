import Testing

@testable import AuthResults

@Suite("CSV")
struct CSVTests {
    @Test("reads back what it writes, whatever stands in the fields")
    func roundTrip() throws {
        let table = CSVTable(
            header: ["a", "b,c"],
            rows: [
                ["", "plain"], ["a \"quoted\" word", "two\nlines"], ["x,y", "\r\n"], ["\"\u{301}", "\r"],
            ])
        let again = try CSVTable(table.text)
        #expect(again.header == table.header)
        #expect(again.rows == table.rows)
    }

    @Test("takes lines that end with CRLF")
    func carriageReturns() throws {
        #expect(try CSVTable("a,b\r\n1,2\r\n").rows == [["1", "2"]])
    }

    @Test(
        "refuses what is not CSV, and says where",
        arguments: [
            ("", "is empty"), ("a,b\n1\n", "line 2: 1 fields, not 2"), ("a,b\n1,2", "line 2: cut off"),
            ("a\n\"x\n", "line 2: a quoted field"), ("a\n\"x\"y\n", "line 2: text after"),
            ("a\nx\"y\n", "line 2: a quote inside"), ("a\n1\r2\n", "line 2: a carriage return"),
            ("a\n1\r", "line 2: a carriage return"),
        ])
    func refused(text: String, fault: String) {
        let error = #expect(throws: ResultError.self) { try CSVTable(text) }
        #expect(error?.description.contains(fault) == true, "\(String(describing: error))")
    }

    @Test("each kind of column takes its own fields and no others")
    func kinds() {
        let taken: [(ColumnKind, [String], [String])] = [
            (.text, ["", "x"], []), (.flag, ["true", "false"], ["", "True", "1"]),
            (.optionalFlag, ["", "true"], ["no"]),
            (.count, ["0", "9007199254740992"], ["", "-1", "1.0", "1e3", "x", "9007199254740993"]),
            (.optionalTime, ["", "7"], ["-7", "7.5"]),
            (.number, ["0", "1.25"], ["", "-1", "nan", "inf", "1e3"]),
            (.optionalSigned, ["", "-0.5"], ["+0.5x", "NaN"]),
            (.optionalShare, ["", "0", "1.0"], ["1.1", "-0.1"]),
        ]
        for (kind, good, bad) in taken {
            for field in good { #expect(kind.accepts(field), "\(kind) \(field)") }
            for field in bad { #expect(!kind.accepts(field), "\(kind) \(field)") }
        }
    }

    @Test("every column has a meaning and a unit in its name where it has one")
    func schema() {
        for schema in Schema.all {
            #expect(Set(schema.fields.map(\.name)).count == schema.fields.count)
            for field in schema.fields {
                #expect(field.meaning.hasSuffix("."), "\(field.name)")
                if field.kind == .time || field.kind == .optionalTime { #expect(field.name.hasSuffix("_ns")) }
                #expect(Schema.markdown.contains("| `\(field.name)` | \(field.kind.rawValue) |"))
            }
        }
    }
}
