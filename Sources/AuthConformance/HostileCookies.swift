import AuthCore

/// The hostile identifiers made from a live one (section NEG-O of the corpus), and what only a cookie can have.
struct HostileCookies {
    /// Identifiers of another form than those that are minted.
    let malformed: [[UInt8]]
    /// Two cookies of the name in one line.
    let doubled: [[UInt8]]
    /// The genuine cookie between others, which is no fault.
    let amongOthers: [UInt8]?

    init(_ genuine: [UInt8]) {
        let credential = CredentialLine(genuine)
        let (prefix, good) = (credential.prefix, credential.secret)
        func ended(_ byte: UInt8) -> [UInt8] { good.dropLast() + [byte] }
        let values: [[UInt8]] = [
            [], good + [65], Array(good.dropLast()), Array(good.dropFirst(20)), good.map { _ in 0 }, ended(0),
            ended(UInt8(ascii: "/")), ended(UInt8(ascii: "*")), ended(UInt8(ascii: "=")), ended(0xFF),
            Array("*".utf8), Array("' OR '1'='1".utf8), Array("x\r\nDEL session".utf8),
            Array("../../etc/passwd".utf8), good + good,
            Array(repeating: UInt8(ascii: "A"), count: 1_000_000),
        ]
        malformed = values.map { prefix + $0 }
        let field = Array("Cookie: ".utf8)
        guard genuine.starts(with: field), prefix.last == UInt8(ascii: "=") else {
            (doubled, amongOthers) = ([], nil)
            return
        }
        let name = Array(prefix.dropFirst(field.count))
        let pair = name + good
        let others = [
            good + Array("; ".utf8) + pair, Array("x; ".utf8) + pair, good + Array("; ".utf8) + name + [120],
        ]
        doubled = others.map { prefix + $0 }
        amongOthers = Array("Cookie: a=b; ".utf8) + pair + Array("; c=d".utf8)
    }
}
