import CAuthBenchLinux
import Foundation

/// What `/proc/cpuinfo` says of the first processor; x86 and ARM name things differently.
package struct CPUInformation: Sendable, Equatable {
    /// The instructions on which hashes, signatures and TLS run, by the kernel's names for them.
    private static let cryptoFlags: Set<String> = [
        "aes", "pclmulqdq", "sha_ni", "sha512", "ssse3", "avx", "avx2", "avx512f", "avx512bw", "avx512vl",
        "avx512ifma", "vaes", "vpclmulqdq", "gfni", "bmi2", "adx", "rdrand", "rdseed",
        "asimd", "neon", "pmull", "sha1", "sha2", "sha3", "sve", "sve2",
    ]

    /// The name, or on ARM the implementer's and the part's number.
    package var model: String?
    /// The clock at this moment; ARM does not say.
    package var clock_MHz: Double?
    /// Those of the flags that matter to cryptography, in alphabetical order.
    package var cryptoFlags: [String]?
    /// Whether a hypervisor shows itself; ARM does not say.
    package var hasHypervisor: Bool?

    /// Reads the text of `/proc/cpuinfo`.
    package init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmed }
            guard parts.count == 2, fields[parts[0]] == nil else { continue }
            fields[parts[0]] = parts[1]
        }
        model = fields["model name"].map(String.init) ?? Self.part(fields)
        clock_MHz = fields["cpu MHz"].flatMap { Double($0) }
        let flags = (fields["flags"] ?? fields["Features"])?.split(separator: " ").map(String.init)
        cryptoFlags = flags.map { $0.filter(Self.cryptoFlags.contains).sorted() }
        hasHypervisor = fields["flags"] == nil ? nil : flags?.contains("hypervisor")
    }

    private static func part(_ fields: [Substring: Substring]) -> String? {
        guard let implementer = fields["CPU implementer"], let part = fields["CPU part"] else { return nil }
        return "ARM implementer \(implementer), part \(part)"
    }
}

extension Substring {
    /// Without white space at either end.
    var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}

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

/// On which processors a process may run (sched_setaffinity(2)).
package enum ProcessorBinding {
    /// Those that this process may use, in ascending order; empty where the system does not say.
    package static func allowed() -> [Int] { allowedList().flatMap { CPUList.members($0) } ?? [] }

    /// The same as a list in the kernel's words, such as `0-3,8`.
    package static func allowedList() -> String? {
        let status = SystemFile.text("/proc/self/status") ?? ""
        let line = status.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Cpus_allowed_list:") }
        return line?.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces)
    }

    /// Binds all threads of a process, and so those that they start later.
    ///
    /// - Parameters:
    ///   - process: its number.
    ///   - processors: at least one.
    /// - Returns: whether every thread is bound.
    @discardableResult
    package static func bind(_ process: Int32, to processors: [Int]) -> Bool {
        var mask = [UInt](repeating: 0, count: 16)
        for processor in processors where 0..<1024 ~= processor {
            mask[processor / UInt.bitWidth] |= 1 << UInt(processor % UInt.bitWidth)
        }
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return !threads.isEmpty
            && threads.compactMap { Int32($0) }.allSatisfy { thread in
                unsafe authbench_set_affinity(thread, mask, UInt(mask.count * 8)) == 0
            }
    }
}

/// The file in which a distribution names itself (os-release(5)).
package enum OSRelease {
    /// The places to look, in this order.
    package static let paths = ["/etc/os-release", "/usr/lib/os-release"]

    /// The value of `PRETTY_NAME`, without the quotes and backslashes of a shell.
    package static func prettyName(_ text: String) -> String? {
        let key = "PRETTY_NAME="
        guard let line = text.split(separator: "\n").map({ $0.trimmed }).last(where: { $0.hasPrefix(key) })
        else { return nil }
        var value = line.dropFirst(key.count)
        if let quote = value.first, "\"'".contains(quote), value.count > 1, value.last == quote {
            value = value.dropFirst().dropLast()
        }
        var isEscaped = false
        let name = value.filter { character in
            isEscaped = character == "\\" && !isEscaped
            return !isEscaped
        }
        return name.isEmpty ? nil : String(name)
    }
}
