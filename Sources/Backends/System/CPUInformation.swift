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
