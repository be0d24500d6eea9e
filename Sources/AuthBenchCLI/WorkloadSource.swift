import AuthCore
import Backends
import BuiltinWorkloads
import Foundation

/// Finds and reads workloads: those inside the program by name, others by the path of their file.
enum WorkloadSource {
    static var names: [String] { BuiltinWorkloads.all.map(\.name) }

    /// Reads a built-in workload by its name, or a file by its path, which must have a slash or end in
    /// `.json`.
    static func load(_ name: String) throws -> Workload {
        if let builtin = BuiltinWorkloads.all.first(where: { $0.name == name }) {
            return try decode(builtin.json, from: name)
        }
        guard name.contains("/") || name.hasSuffix(".json") else {
            throw Fault.usage(
                "unknown workload \"\(name)\": choose \(names.joined(separator: ", ")), or name a .json file")
        }
        let bytes: [UInt8]
        do { bytes = try InputFile.bytes(name) } catch { throw Fault.badData("\(error)") }
        return try decode(bytes, from: name)
    }

    /// Checks the text strictly first: Foundation's decoder takes duplicates and trailing commas.
    static func decode(_ json: [UInt8], from name: String) throws -> Workload {
        do {
            try JSONReader.readObject(json.span) { (_, reader) throws(JSONFault) in
                try reader.skipValue(json.span)
            }
            return try JSONDecoder().decode(Workload.self, from: Data(json))
        } catch let fault as JSONFault {
            throw Fault.badData("\(name): \(describe(fault, in: json))")
        } catch let fault as WorkloadFault {
            throw Fault.badData("\(name): \(fault)")
        } catch let error as DecodingError {
            throw Fault.badData("\(name): \(describe(error))")
        }
    }

    private static func describe(_ fault: JSONFault, in json: [UInt8]) -> String {
        switch fault {
        case .encoding: "not UTF-8, or with a byte order mark"
        case .syntax(let offset): "not JSON at \(place(offset, in: json))"
        case .duplicateName(let offset):
            "a name stands twice in one object, again at \(place(offset, in: json))"
        case .tooDeep: "nested deeper than \(JSONLimits.depth) levels"
        case .tooManyMembers: "an object has more than \(JSONLimits.members) members"
        }
    }

    private static func place(_ offset: Int, in json: [UInt8]) -> String {
        let before = json.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
        return "line \(line), column \(column)"
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(path(context.codingPath)): \(why(context))"
        @unknown default: "\(error)"
        }
    }

    /// The text is known to be JSON here, so that only a number can still be unfit.
    private static func why(_ context: DecodingError.Context) -> String {
        guard context.codingPath.isEmpty else { return context.debugDescription }
        return "a number does not fit its key; clients, population, seed and lifetimes are whole numbers"
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the workload" : keys.map(\.stringValue).joined(separator: ".")
    }
}
