import AuthCore

/// Reads comma-separated values strictly (RFC 4180): no field unlike what the format says is taken for data.
package struct CSVTable: Sendable {
    package var header: [String]
    /// As long as the header, each of them.
    package var rows: [[String]]

    /// - Throws: `ResultError`, without the file's name.
    package init(_ text: String) throws(ResultError) {
        var reader = CSVReader(Array(text.utf8))
        var records: [[String]] = []
        while let record = try reader.next() {
            if let first = records.first, record.count != first.count {
                throw ResultError(
                    "line \(reader.line): \(record.count) fields, not \(first.count) as the header has")
            }
            records.append(record)
        }
        guard let header = records.first else { throw ResultError("is empty") }
        self.header = header
        rows = Array(records.dropFirst())
    }

    package init(header: [String], rows: [[String]]) {
        self.header = header
        self.rows = rows
    }

    /// As `CSV.text` writes it.
    package var text: String {
        ([header] + rows).map { $0.map(CSV.quoted).joined(separator: ",") + "\n" }.joined()
    }
}

private struct CSVReader {
    private let bytes: [UInt8]
    private var position = 0
    /// Of the record read last, counted from 1.
    private(set) var line = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The fields up to the end of the line; `nil` at the end of the text.
    mutating func next() throws(ResultError) -> [String]? {
        guard position < bytes.count else { return nil }
        line += 1
        var fields: [String] = []
        while true {
            fields.append(
                try position < bytes.count && bytes[position] == UInt8(ascii: "\"") ? quoted() : plain())
            guard position < bytes.count else {
                throw ResultError("line \(line): cut off, the last line does not end")
            }
            let separator = bytes[position]
            position += 1
            if separator == UInt8(ascii: ",") { continue }
            guard separator == UInt8(ascii: "\r") else { return fields }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else {
                throw ResultError("line \(line): a carriage return without a line feed")
            }
            position += 1
            return fields
        }
    }

    private mutating func plain() throws(ResultError) -> String {
        let start = position
        while position < bytes.count, !",\r\n".utf8.contains(bytes[position]) {
            if bytes[position] == UInt8(ascii: "\"") {
                throw ResultError("line \(line): a quote inside a field that does not begin with one")
            }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() throws(ResultError) -> String {
        var field: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte != UInt8(ascii: "\"") {
                field.append(byte)
            } else if position < bytes.count, bytes[position] == byte {
                field.append(byte)
                position += 1
            } else if position == bytes.count || ",\r\n".utf8.contains(bytes[position]) {
                return String(decoding: field, as: UTF8.self)
            } else {
                throw ResultError("line \(line): text after the closing quote of a field")
            }
        }
        throw ResultError("line \(line): a quoted field does not end")
    }
}

/// A row of a CSV file by the names of its columns.
package struct TableRow {
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
    package subscript(name: String) -> String { fields[name] ?? "" }

    package func count(_ name: String) -> UInt64? { UInt64(self[name]) }
    package func number(_ name: String) -> Double? { Double(self[name]) }
    package func flag(_ name: String) -> Bool { self[name] == "true" }

    /// A fault with the place where it is.
    package func fault(_ text: String) -> String { "\(file), line \(line): \(text)" }
}

extension CSVTable {
    package func rows(of file: String) -> [TableRow] {
        rows.enumerated().map { index, fields in
            TableRow(file: file, line: index + 2, header: header, fields: fields)
        }
    }
}
