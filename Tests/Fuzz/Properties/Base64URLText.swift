import AuthCore
import AuthText
import Backends
import Foundation

/// One value has one text: what is decoded encodes to the same text, and nothing that has a value is refused.
func checkBase64URL(_ text: [UInt8]) throws {
    let bytes = Base64URL.decode(text.span)
    for processor in [Base64URLDecoding.Way.best, .byBytes] {
        var output = [UInt8](repeating: 0xA5, count: text.count + 20)
        let count = Base64URLDecoding.decode(text.span, into: &output, processor)
        try promise(
            bytes == count.map { Array(output.prefix($0)) }, "the hot path decodes otherwise (\(processor))")
        let room = text.count * 3 / 4
        try promise(
            output.dropFirst(room).allSatisfy { $0 == 0xA5 }, "wrote beyond its own bytes (\(processor))")
    }
    if let bytes {
        try promise(Base64URL.encode(bytes) == text, "decoded, but encodes to another text")
        try promise(text.count == Base64URL.encodedCount(bytes.count), "another length than foretold")
    } else {
        try promise(!isCanonical(text), "refused what Foundation reads and writes alike")
    }
    try promise(Base64URL.decode(Base64URL.encode(text).span) == text, "encoded, but decodes to other bytes")
}

/// Whether Foundation, which is lenient in what it reads, writes the text as it read it.
private func isCanonical(_ text: [UInt8]) -> Bool {
    guard Base64URL.isText(text.span) else { return false }
    let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
    let standard = String(decoding: text, as: UTF8.self).replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: standard + padding)?.base64EncodedString() == standard + padding
}
