import AuthCore
import Backends

/// One JSON Web Key (RFC 7517), read strictly and checked against what it is to be used for.
///
/// It holds where its numbers stand in the text, not the numbers: there is one copy of a secret less.
struct JWK {
    private(set) var keyID: String?
    private let algorithm: TokenAlgorithm
    private var type: JSONString?
    private var numbers: [JSONName: Range<Int>] = [:]

    /// Reads a text that must be a single key for this algorithm and use.
    init(_ text: Span<UInt8>, for algorithm: TokenAlgorithm, to use: KeyUse) throws(TokenKeyFault) {
        var key = Self(algorithm: algorithm)
        var fault: TokenKeyFault?
        do {
            try JSONReader.readObject(text) { (name, reader) throws(JSONFault) in
                let problem = try key.read(name, &reader, text, use)
                fault = fault ?? problem.map { TokenKeyFault($0) }
            }
        } catch .duplicateName { throw TokenKeyFault("is no JWK: a name stands twice in one object") } catch {
            throw TokenKeyFault("is no JWK: not one object of strict JSON")
        }
        if let fault { throw fault }
        guard key.type != nil else { throw TokenKeyFault("is no JWK: \"kty\" is missing") }
        self = key
    }

    private init(algorithm: TokenAlgorithm) { self.algorithm = algorithm }

    /// Reads one member.
    ///
    /// - Returns: why the key is refused, if this member is the reason.
    private mutating func read(
        _ name: JSONName, _ reader: inout JSONReader, _ text: Span<UInt8>, _ use: KeyUse
    ) throws(JSONFault) -> String? {
        switch name {
        case .keys:
            try reader.skipValue(text)
            return "is a JWK Set: take the one key out of it"
        case .kty:
            type = try reader.readTextValue(text)
            return type?.equals(Array(algorithm.keyType.utf8).span, in: text) == true
                ? nil : "has not the \"kty\" \(algorithm.keyType), which \(algorithm.rawValue) takes"
        case .alg:
            let isOurs = try reader.readText(text, equalTo: [Array(algorithm.rawValue.utf8)])
            return isOurs ? nil : "is by its \"alg\" for another algorithm than \(algorithm.rawValue)"
        case .use:
            let isForSignatures = try reader.readText(text, equalTo: [Array("sig".utf8)])
            return isForSignatures ? nil : "is by its \"use\" not for signatures"
        case .keyOperations:
            let isMeant = try reader.readOperations(text, naming: use)
            return isMeant ? nil : "is by its \"key_ops\" not to \(use.rawValue)"
        case .kid:
            keyID = try reader.readTextValue(text).flatMap {
                PlainText.name($0.unescaped(in: text), upTo: PlainText.longestKeyID)
            }
            return keyID == nil ? "has an unusable \"kid\": \(PlainText.rule)" : nil
        case .oth:
            try reader.skipValue(text)
            return "has more than two primes"
        default:
            guard JSONName.secrets.contains(name) || JSONName.rsaNumbers.contains(name) else {
                try reader.skipValue(text)
                return nil
            }
            numbers[name] = try reader.readTextValue(text)?.range
            return numbers[name] == nil ? "has a number that is not a string" : nil
        }
    }

    /// Decodes the key's numbers, all of which must be of its own kind.
    func material(in text: Span<UInt8>, to use: KeyUse) throws(TokenKeyFault) -> TokenKey.Material {
        switch algorithm {
        case .hs256:
            guard let range = numbers[.k], numbers.count == 1 else {
                throw TokenKeyFault("has not \"k\" alone, as a secret key has (RFC 7518 section 6.4)")
            }
            guard var bytes = Base64URL.decode(text.extracting(range)) else {
                throw TokenKeyFault("has a \"k\" that is not base64url")
            }
            defer { cleanse(&bytes) }
            return .secret(try TokenKey.secret(bytes.span))
        case .rs256:
            let names = numbers.count == 2 ? Array(JSONName.rsaNumbers.prefix(2)) : JSONName.rsaNumbers
            let ranges = names.compactMap { numbers[$0] }
            guard ranges.count == names.count, numbers.count == names.count else {
                throw TokenKeyFault(
                    "has neither the two numbers of a public RSA key nor the eight of a private one")
            }
            let der = try PKCS1.encode(ranges, in: text)
            return .rsa(try der.withBytes { (der) throws(TokenKeyFault) in try TokenKey.rsa(der, to: use) })
        }
    }
}

extension JSONName {
    fileprivate static let keys = Self("keys")
    fileprivate static let kty = Self("kty")
    fileprivate static let alg = Self("alg")
    fileprivate static let use = Self("use")
    fileprivate static let keyOperations = Self("key_ops")
    fileprivate static let kid = Self("kid")
    fileprivate static let oth = Self("oth")
    fileprivate static let k = Self("k")
    fileprivate static let secrets = [k]
    /// Those of RFC 7518 section 6.3 in the order of RFC 8017 appendix A.1.2.
    fileprivate static let rsaNumbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map { JSONName($0) }
}

extension JSONReader {
    /// Reads a `key_ops` array: strings, none twice, among them the use (RFC 7517 section 4.3).
    fileprivate mutating func readOperations(
        _ text: Span<UInt8>, naming use: KeyUse
    ) throws(JSONFault) -> Bool {
        guard peek(text) == UInt8(ascii: "[") else {
            try skipValue(text)
            return false
        }
        var (names, isWellFormed) = ([[UInt8]](), true)
        try readElements(text) { (reader) throws(JSONFault) in
            let name = try reader.readTextValue(text)?.unescaped(in: text)
            if let name, !names.contains(name) { names.append(name) } else { isWellFormed = false }
        }
        return isWellFormed && names.contains(Array(use.rawValue.utf8))
    }
}
