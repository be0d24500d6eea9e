/// A list of processors as the kernel writes it, such as `0-3,8` (cpuset(7), "List format").
package enum CPUList {
    /// How many processors are in a list; `nil` for anything that is none.
    package static func count(_ text: String) -> Int? { members(text)?.count }

    /// The processors in a list, in its order; `nil` for anything that is none.
    package static func members(_ text: String) -> [Int]? {
        var members: [Int] = []
        for range in text.split(separator: ",") {
            let ends = range.split(separator: "-").map { Int($0.trimmed) }
            guard 1...2 ~= ends.count, let first = ends.first ?? nil, let last = ends.last ?? nil,
                first <= last, last < 1 << 16
            else { return nil }
            members += first...last
        }
        return members.isEmpty ? nil : members
    }
}
