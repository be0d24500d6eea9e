import AuthCore
import AuthText
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
        } else if Self.armorCount(in: bytes) > 0 || Self.isArmored(bytes) {
            self = .pem
        } else if Self.openSSHNames.contains(where: { HeaderLine.hasPrefix(bytes, $0, at: start) }) {
            self = .openSSH
        } else {
            self = .bytes
        }
    }

    /// How many PEM blocks begin in a text (RFC 7468 section 2).
    static func armorCount(in bytes: Span<UInt8>) -> Int { count("-----BEGIN ", in: bytes) }

    /// Whether a line of armour is left of a key, or the armour is of another kind.
    private static func isArmored(_ bytes: Span<UInt8>) -> Bool {
        count("-----END ", in: bytes) > 0 || count("---- BEGIN ", in: bytes) > 0
    }

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

/// Asks whether bytes are some key's text, also where it is encoded once more: such a text is no secret.
enum KeyText {
    /// How often a text may be encoded once more.
    private static let layers = 3

    static func isFound(in bytes: Span<UInt8>, layers: Int = layers) -> Bool {
        if KeyFileForm(of: bytes) != .bytes || EncodedKey.isFound(in: bytes) || isOpenSSHBlob(bytes) {
            return true
        }
        guard layers > 0 else { return false }
        var inner = [narrow(bytes), hexadecimal(bytes)].compactMap(\.self) + base64(bytes)
        defer { for index in inner.indices { cleanse(&inner[index]) } }
        return inner.contains { isFound(in: $0.span, layers: layers - 1) }
    }

    /// The blob of an OpenSSH key begins with its name's length and name (RFC 4253 section 6.6).
    private static func isOpenSSHBlob(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 11, bytes[0] == 0, bytes[1] == 0, bytes[2] == 0 else { return false }
        return KeyFileForm(of: bytes.extracting(droppingFirst: 4)) == .openSSH
    }

    /// UTF-16 or UTF-32 of a text of plain characters as one byte each.
    private static func narrow(_ bytes: Span<UInt8>) -> [UInt8]? {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for index in bytes.indices where bytes[index] != 0 && !(text.isEmpty && bytes[index] >= 0xFE) {
            text.append(bytes[index])
        }
        return text.count * 5 <= bytes.count * 3 ? text : nil
    }

    private static func hexadecimal(_ bytes: Span<UInt8>) -> [UInt8]? {
        var (digits, isPlain) = ([UInt8](), true)
        digits.reserveCapacity(bytes.count)
        for index in bytes.indices where !isSpace(bytes[index]) && bytes[index] != UInt8(ascii: ":") {
            guard let digit = hexDigitValue(bytes[index]) else { isPlain = false; break }
            digits.append(digit)
        }
        defer { cleanse(&digits) }
        guard isPlain, !digits.isEmpty, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// What stands in base64 or base64url anywhere in a text, lines put together.
    private static func base64(_ bytes: Span<UInt8>) -> [[UInt8]] {
        var (found, run) = ([[UInt8]](), [UInt8]())
        // Room for all, so that no copy of a secret stays behind when an array grows.
        run.reserveCapacity(bytes.count)
        defer { cleanse(&run) }
        func close() {
            if run.count >= 24, let decoded = Base64URL.decode(run.span) { found.append(decoded) }
            run.removeAll(keepingCapacity: true)
        }
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            switch bytes[index] {
            case UInt8(ascii: "+"): run.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): run.append(UInt8(ascii: "_"))
            case UInt8(ascii: "="): continue
            // An escaped end of a line, as in a text within JSON or a shell's variable.
            case UInt8(ascii: "\\") where index + 1 < bytes.count && "nrt".utf8.contains(bytes[index + 1]):
                index += 1
            case let byte where isSpace(byte): continue
            case let byte where Base64URL.isText([byte].span): run.append(byte)
            default: close()
            }
        }
        close()
        return found
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
}
