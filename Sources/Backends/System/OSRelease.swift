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
