import AuthText
import Backends

/// One JSON Web Key (RFC 7517, RFC 8037), read strictly and checked against what it is to be used for.
///
/// It holds where its numbers stand in the text, not the numbers: there is one copy of a secret less.
struct JWK {
    private(set) var keyID: String?
    /// Why its own members keep it from being used.
    private(set) var fault: TokenKeyError?
    /// Whether it is a secret, or else a half of a pair or something unknown.
    private(set) var isSecret = false
    private let algorithm: AlgorithmName
    private var type: JSONString?
    private var numbers: [JSONName: Range<Int>] = [:]
    private var isOnCurve = false

    /// Whether it has the private number of a pair.
    var isPrivate: Bool { numbers[.d] != nil }

    /// Reads a text that must be a single key; `fault` says whether it is one for this algorithm and use.
    init(_ text: Span<UInt8>, for algorithm: AlgorithmName, to use: KeyUse) throws(TokenKeyError) {
        var key = Self(algorithm: algorithm)
        do {
            try JSONReader.readObject(text) { (name, reader) throws(JSONError) in
                let problem = try key.read(name, &reader, text, use)
                key.fault = key.fault ?? problem.map { TokenKeyError($0) }
            }
        } catch .duplicateName { throw TokenKeyError("is no JWK: a name stands twice in one object") } catch {
            throw TokenKeyError("is no JWK: not one object of strict JSON")
        }
        if key.type == nil { key.fault = key.fault ?? TokenKeyError("is no JWK: \"kty\" is missing") }
        self = key
    }

    private init(algorithm: AlgorithmName) { self.algorithm = algorithm }

    /// Reads one member.
    ///
    /// - Returns: why the key is refused, if this member is the reason.
    private mutating func read(
        _ name: JSONName, _ reader: inout JSONReader, _ text: Span<UInt8>, _ use: KeyUse
    ) throws(JSONError) -> String? {
        switch name {
        case .keys:
            try reader.skipValue(text)
            return "is a JWK Set: take the one key out of it"
        case .kty:
            type = try reader.readTextValue(text)
            isSecret = type?.equals(Array("oct".utf8).span, in: text) == true
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
        case .crv where algorithm.curve != nil:
            let curve = algorithm.curve ?? ""
            isOnCurve = try reader.readText(text, equalTo: [Array(curve.utf8)])
            return isOnCurve
                ? nil : "has not the \"crv\" \(curve), which \(algorithm.rawValue) takes"
        case .oth:
            try reader.skipValue(text)
            return "has more than two primes"
        default:
            let isCoordinate = algorithm.curve != nil && JSONName.coordinates.contains(name)
            guard JSONName.secrets.contains(name) || JSONName.rsaNumbers.contains(name) || isCoordinate
            else {
                try reader.skipValue(text)
                return nil
            }
            numbers[name] = try reader.readTextValue(text)?.range
            return numbers[name] == nil ? "has a number that is not a string" : nil
        }
    }

    /// Decodes the key's numbers, all of which must be of its own kind.
    func material(in text: Span<UInt8>, to use: KeyUse) throws(TokenKeyError) -> TokenKey.Material {
        if let fault { throw fault }
        guard let scheme = algorithm.scheme else {
            guard let range = numbers[.k], numbers.count == 1 else {
                throw TokenKeyError("has not \"k\" alone, as a secret key has (RFC 7518 section 6.4)")
            }
            guard var bytes = Base64URL.decode(text.extracting(range)) else {
                throw TokenKeyError("has a \"k\" that is not base64url")
            }
            defer { cleanse(&bytes) }
            return .secret(try TokenKey.secret(bytes.span))
        }
        switch scheme.kind {
        case .rsaPKCS1, .rsaPSS:
            let names = numbers.count == 2 ? Array(JSONName.rsaNumbers.prefix(2)) : JSONName.rsaNumbers
            let ranges = names.compactMap { numbers[$0] }
            guard ranges.count == names.count, numbers.count == names.count else {
                throw TokenKeyError(
                    "has neither the two numbers of a public RSA key nor the eight of a private one")
            }
            let der = try PKCS1.encode(ranges, in: text)
            return .pair(
                try der.withBytes { (der) throws(TokenKeyError) in
                    try TokenKey.pair(der, for: scheme, to: use)
                })
        case .ecdsaP256, .ed25519:
            return .pair(try curveKey(in: text, for: scheme, to: use))
        }
    }

    /// A key on a curve: the coordinates of its point, and the private number or none.
    private func curveKey(
        in text: Span<UInt8>, for scheme: any SignatureScheme.Type, to use: KeyUse
    ) throws(TokenKeyError) -> EncodedKey {
        guard isOnCurve else { throw TokenKeyError("is no JWK of a curve: \"crv\" is missing") }
        let names = algorithm == .es256 ? JSONName.coordinates : [JSONName.coordinates[0]]
        let isPair = numbers[.d] != nil
        guard names.allSatisfy({ numbers[$0] != nil }), numbers.count == names.count + (isPair ? 1 : 0) else {
            throw TokenKeyError("has other numbers than a key on \(algorithm.curve ?? "a curve")")
        }
        var point: [UInt8] = []
        for name in names { point += try number(name, in: text) }
        var secret = isPair ? try number(.d, in: text) : []
        defer { cleanse(&secret) }
        let der =
            algorithm == .es256
            ? CurveKeyDER.p256(point: point, secret: secret)
            : CurveKeyDER.ed25519(point: point, secret: secret)
        let key = try der.withBytes { (der) throws(TokenKeyError) in
            try TokenKey.pair(der, for: scheme, to: use)
        }
        // Where the form of a private key has no place for the public one, OpenSSL has worked it out.
        guard key.publicKey.suffix(point.count).elementsEqual(point) else {
            throw TokenKeyError("has a public and a private number that do not belong together")
        }
        return key
    }

    /// A number of a curve in its full size (RFC 7518 section 6.2.1.2).
    private func number(_ name: JSONName, in text: Span<UInt8>) throws(TokenKeyError) -> [UInt8] {
        guard let range = numbers[name], let bytes = Base64URL.decode(text.extracting(range)),
            bytes.count == 32
        else { throw TokenKeyError("has a number that is not 32 bytes in base64url") }
        return bytes
    }
}

extension JWK {
    /// Where the keys of a JWK Set stand (RFC 7517 section 5); `nil` for a text that is none.
    static func members(ofSet text: Span<UInt8>) throws(TokenKeyError) -> [Range<Int>]? {
        var (members, isSet, areObjects) = ([Range<Int>](), false, true)
        do {
            try JSONReader.readObject(text) { (name, reader) throws(JSONError) in
                guard name == .keys else { return try reader.skipValue(text) }
                isSet = true
                guard reader.peek(text) == UInt8(ascii: "[") else {
                    areObjects = false
                    return try reader.skipValue(text)
                }
                try reader.readElements(text) { (reader) throws(JSONError) in
                    if reader.peek(text) != UInt8(ascii: "{") { areObjects = false }
                    members.append(try reader.readValue(text))
                }
            }
        } catch { return nil }
        guard areObjects else { throw TokenKeyError("is no JWK Set: \"keys\" is not a list of keys") }
        return isSet ? members : nil
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
    fileprivate static let crv = Self("crv")
    fileprivate static let d = Self("d")
    fileprivate static let k = Self("k")
    /// Those of a point (RFC 7518 section 6.2.1, RFC 8037 section 2).
    fileprivate static let coordinates = ["x", "y"].map { JSONName($0) }
    fileprivate static let secrets = [k]
    /// Those of RFC 7518 section 6.3 in the order of RFC 8017 appendix A.1.2.
    fileprivate static let rsaNumbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map { JSONName($0) }
}

extension JSONReader {
    /// Reads a `key_ops` array: strings, none twice, among them the use (RFC 7517 section 4.3).
    fileprivate mutating func readOperations(
        _ text: Span<UInt8>, naming use: KeyUse
    ) throws(JSONError) -> Bool {
        guard peek(text) == UInt8(ascii: "[") else {
            try skipValue(text)
            return false
        }
        var (names, isWellFormed) = ([[UInt8]](), true)
        try readElements(text) { (reader) throws(JSONError) in
            let name = try reader.readTextValue(text)?.unescaped(in: text)
            if let name, !names.contains(name) { names.append(name) } else { isWellFormed = false }
        }
        return isWellFormed && names.contains(Array(use.rawValue.utf8))
    }
}

/// The numbers of a JWK as the DER of RFC 8017 appendix A.1, which OpenSSL reads and checks.
enum PKCS1 {
    /// Encodes the two numbers of an RSAPublicKey or, behind the version 0, the eight of an RSAPrivateKey.
    ///
    /// The ranges are where the numbers stand in the text of the JWK, as Base64urlUInt of RFC 7518 section 2.
    static func encode(_ ranges: [Range<Int>], in text: Span<UInt8>) throws(TokenKeyError) -> SecretBytes {
        var content: [UInt8] = []
        // Room for all, so that no copy of a secret stays behind when an array grows.
        content.reserveCapacity(text.count + 64)
        defer { cleanse(&content) }
        if ranges.count > 2 { content += [0x02, 0x01, 0x00] }
        for range in ranges { try append(text.extracting(range), to: &content) }
        var sequence: [UInt8] = []
        sequence.reserveCapacity(content.count + 8)
        appendHeader(tag: 0x30, length: content.count, to: &sequence)
        sequence += content
        return SecretBytes(moving: &sequence)
    }

    /// Appends one INTEGER, which has a leading zero where its top bit would make it negative.
    private static func append(_ number: Span<UInt8>, to der: inout [UInt8]) throws(TokenKeyError) {
        guard var bytes = Base64URL.decode(number), let first = bytes.first, first != 0 else {
            throw TokenKeyError(
                "has a number that is not base64url without leading zeros (RFC 7518 section 2)")
        }
        defer { cleanse(&bytes) }
        let padding = first >> 7
        appendHeader(tag: 0x02, length: bytes.count + Int(padding), to: &der)
        if padding == 1 { der.append(0) }
        der += bytes
    }

    /// Appends a tag and a length in the fewest bytes (X.690 section 10.1).
    private static func appendHeader(tag: UInt8, length: Int, to der: inout [UInt8]) {
        der.append(tag)
        switch length {
        case 0..<0x80: der.append(UInt8(length))
        case 0..<0x100: der += [0x81, UInt8(length)]
        default: der += [0x82, UInt8(length >> 8), UInt8(length & 0xFF)]
        }
    }
}

/// The numbers of a JWK on a curve as DER: everything else in it is the same for all keys of the curve.
private enum CurveKeyDER {
    /// SubjectPublicKeyInfo (RFC 5480 section 2), or ECPrivateKey (RFC 5915 section 3) where there is a secret.
    static func p256(point: [UInt8], secret: [UInt8]) -> SecretBytes {
        // The object identifier of the curve: 1.2.840.10045.3.1.7.
        let curve: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        let key: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        return secret.isEmpty
            ? joined([0x30, 0x59, 0x30, 0x13], key, curve, [0x03, 0x42, 0x00, 0x04], point)
            : joined(
                [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20], secret, [0xA0, 0x0A], curve,
                [0xA1, 0x44, 0x03, 0x42, 0x00, 0x04], point)
    }

    /// SubjectPublicKeyInfo, or PKCS#8 where there is a secret (RFC 8410 sections 4 and 7).
    static func ed25519(point: [UInt8], secret: [UInt8]) -> SecretBytes {
        let algorithm: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70]
        return secret.isEmpty
            ? joined([0x30, 0x2A], algorithm, [0x03, 0x21, 0x00], point)
            : joined([0x30, 0x2E, 0x02, 0x01, 0x00], algorithm, [0x04, 0x22, 0x04, 0x20], secret)
    }

    private static func joined(_ parts: [UInt8]...) -> SecretBytes {
        var der: [UInt8] = []
        // Room for all, so that no copy of a secret stays behind when the array grows.
        der.reserveCapacity(160)
        for part in parts { der += part }
        return SecretBytes(moving: &der)
    }
}
