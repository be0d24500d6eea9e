/// What is fuzzed: each target reads any bytes and throws where a promise about them is broken.
///
/// Its raw value names the folder of its seeds, and is what `FUZZ_TARGET` holds.
enum FuzzTarget: String, CaseIterable, Sendable {
    case bearer, cookie, base64url, json, claims, token, workload, csv, recording
    case http, introspection, contract
    case joseHeader = "jose-header"
    case keyFile = "key-file"

    func check(_ input: [UInt8]) throws {
        switch self {
        case .bearer: try checkBearer(input)
        case .cookie: try checkCookie(input)
        case .base64url: try checkBase64URL(input)
        case .json: try checkJSON(input)
        case .claims: try checkClaims(input)
        case .joseHeader: try checkJOSEHeader(input)
        case .token: try checkToken(input)
        case .keyFile: try checkKeyFile(input)
        case .workload: try checkWorkload(input)
        case .csv: try checkCSV(input)
        case .recording: try checkRecording(input)
        case .http: try checkHTTP(input)
        case .introspection: try checkIntrospection(input)
        case .contract: try checkContract(input)
        }
    }
}

/// A promise that an input broke.
struct BreachError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Demands that something is so.
///
/// - Throws: `BreachError`, saying what was promised.
func promise(_ isKept: Bool, _ what: @autoclosure () -> String) throws(BreachError) {
    if !isKept { throw BreachError(what()) }
}

/// ASCII capitals made small, all other bytes as they are.
func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
}
