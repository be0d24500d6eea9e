import Foundation

/// What `count-instructions` prints, one line of JSON, and what the lane reads from another program.
enum InstructionAnswer {
    /// Changes when another version could not read the lines.
    static let version = 1

    /// Of any answer, in any version.
    struct Versioned: Decodable {
        var instructions_protocol: Int
    }

    /// Which cells a program has.
    struct Cells: Codable, Equatable {
        var instructions_protocol = version
        var cells: [Cell]
    }

    struct Cell: Codable, Equatable {
        var name: String
        var operation: String
    }

    /// That a cell has been run, every decision right.
    struct Done: Codable, Equatable {
        var instructions_protocol = version
        var cell: String
        var operations: Int
    }

    static func line(_ answer: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answer), as: UTF8.self) + "\n"
    }
}
