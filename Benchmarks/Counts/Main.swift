import CCounting
import Foundation

/// Counts what the hot paths allocate and how often they count references, and holds it against the limits in a file.
///
/// A program without the benchmark library, which takes longer to build than all else that CI does.
@main enum Main {
    /// Per 1000 operations.
    private struct Limit: Codable {
        var allocations: Int
        var references: Int
    }

    /// What a measurement does once differs a little from one to the next.
    private static let (spareAllocations, spareReferences) = (20, 500)
    /// Of several measurements the least is taken: what comes on top is something else's.
    private static let rounds = 2

    static func main() {
        do { try run() } catch {
            try? FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() throws {
        guard CommandLine.arguments.count == 2 else {
            throw CountsError(description: "usage: Counts LIMITS.json")
        }
        let limits = try JSONDecoder().decode(
            [String: Limit].self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
        var faults: [String] = []
        print("allocations  references  per 1000 operations of")
        for one in counted {
            let found = try least(one)
            func column(_ number: Int, _ width: Int) -> String {
                String(repeating: " ", count: max(0, width - String(number).count)) + String(number)
            }
            print("\(column(found.allocations, 11))\(column(found.references, 12))  \(one.name)")
            guard let limit = limits[one.name] else {
                faults.append("\(one.name) has no limit in \(CommandLine.arguments[1])")
                continue
            }
            if found.allocations > limit.allocations + spareAllocations {
                faults.append("\(one.name) allocates \(found.allocations) times, not \(limit.allocations)")
            }
            if found.references > limit.references + spareReferences {
                faults.append(
                    "\(one.name) counts references \(found.references) times, not \(limit.references)")
            }
        }
        guard faults.isEmpty else {
            throw CountsError(description: faults.map { "counts: \($0)" }.joined(separator: "\n"))
        }
    }

    /// What a call does once, however many operations it makes, is left out: two calls are compared, one three times as long.
    private static func least(_ one: Counted) throws -> Limit {
        let run = try one.setUp()
        try run(one.operations)
        let all = try (0..<rounds).map { _ in
            let (few, many) = (try count(one.operations, run), try count(3 * one.operations, run))
            func perThousand(_ counted: KeyPath<counting, UInt64>) -> Int {
                let more = Double(many[keyPath: counted]) - Double(few[keyPath: counted])
                return Int(more / Double(2 * one.operations) * 1000)
            }
            return Limit(
                allocations: perThousand(\.allocations),
                references: perThousand(\.retains) + perThousand(\.releases))
        }
        return Limit(
            allocations: all.map(\.allocations).min() ?? 0, references: all.map(\.references).min() ?? 0)
    }

    private static func count(_ operations: Int, _ run: (Int) throws -> Void) throws -> counting {
        let before = counting_now()
        try run(operations)
        let after = counting_now()
        return counting(
            allocations: after.allocations - before.allocations, retains: after.retains - before.retains,
            releases: after.releases - before.releases)
    }
}

struct CountsError: Error, CustomStringConvertible {
    var description: String
}
