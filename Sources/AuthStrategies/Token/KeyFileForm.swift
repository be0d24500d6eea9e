import Backends

/// How a key is written in its file, told from its first bytes.
enum KeyFileForm {
    case json
    case pem
    case openSSH
    /// A raw secret or DER.
    case bytes

    init(of bytes: Span<UInt8>) {
        let start = Self.textStart(bytes)
        if start < bytes.count, bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "["),
            Self.isText(bytes)
        {
            self = .json
        } else if Self.armorCount(in: bytes) > 0 || Self.count("---- BEGIN ", in: bytes) > 0 {
            self = .pem
        } else if Self.openSSHNames.contains(where: { HeaderLine.hasPrefix(bytes, $0, at: start) }) {
            self = .openSSH
        } else {
            self = .bytes
        }
    }

    /// How many PEM blocks begin in a text (RFC 7468 section 2).
    static func armorCount(in bytes: Span<UInt8>) -> Int { count("-----BEGIN ", in: bytes) }

    private static let openSSHNames: [StaticString] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]

    /// Where the text begins behind a byte order mark and white space, which a sloppy reader would skip.
    private static func textStart(_ bytes: Span<UInt8>) -> Int {
        var start = 0
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
        while start < bytes.count, bytes[start] == 0x20 || 0x09...0x0D ~= bytes[start] { start += 1 }
        return start
    }

    /// Whether there is no control character, as there is nearly always in 32 random bytes or more.
    private static func isText(_ bytes: Span<UInt8>) -> Bool {
        guard (try? UTF8Span(validating: bytes)) != nil else { return false }
        for index in bytes.indices where bytes[index] < 0x20 && !(0x09...0x0D ~= bytes[index]) {
            return false
        }
        return true
    }

    private static func count(_ word: StaticString, in bytes: Span<UInt8>) -> Int {
        var (count, index) = (0, 0)
        while let found = ByteSearch.firstIndex(of: UInt8(ascii: "-"), in: bytes, from: index) {
            let word = String(describing: word).utf8
            if bytes.count - found >= word.count, word.enumerated().allSatisfy({ bytes[found + $0] == $1 }) {
                count += 1
            }
            index = found + 1
        }
        return count
    }
}
