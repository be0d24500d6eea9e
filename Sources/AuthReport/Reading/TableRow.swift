/// A row of a CSV file by the names of its columns.
struct TableRow {
    let file: String
    /// Counted from 1, the header being the first.
    let line: Int
    private let fields: [String: String]

    init(file: String, line: Int, header: [String], fields: [String]) {
        self.file = file
        self.line = line
        self.fields = Dictionary(zip(header, fields)) { first, _ in first }
    }

    /// The field; empty where it is blank.
    subscript(name: String) -> String { fields[name] ?? "" }

    func count(_ name: String) -> UInt64? { UInt64(self[name]) }
    func number(_ name: String) -> Double? { Double(self[name]) }
    func flag(_ name: String) -> Bool { self[name] == "true" }

    /// A fault with the place where it is.
    func fault(_ text: String) -> String { "\(file), line \(line): \(text)" }
}

extension CSVTable {
    func rows(of file: String) -> [TableRow] {
        rows.enumerated().map { index, fields in
            TableRow(file: file, line: index + 2, header: header, fields: fields)
        }
    }
}
