import AuthCore
import Backends
import Foundation

@testable import AuthStrategies

/// A message is the same however it comes in, and its body is as long as its head says.
func checkHTTP(_ input: [UInt8]) throws {
    for kind in [HTTPMessage.Kind.request, .response] {
        let whole = read(input, kind, atOnce: input.count)
        try promise(whole == read(input, kind, atOnce: 1), "another message, byte by byte: \(whole)")
        // These have no body, whatever their length says (RFC 9110 section 8.6).
        guard case .message(let body, let length?, let status) = whole, status != 204, status != 304
        else { continue }
        try promise(body.count == length, "a body of \(body.count) bytes, and \(length) are announced")
    }
}

private enum Outcome: Equatable {
    case nothing
    case refused
    case message(body: [UInt8], length: Int?, status: Int)
}

private func read(_ input: [UInt8], _ kind: HTTPMessage.Kind, atOnce: Int) -> Outcome {
    var message = HTTPMessage(kind)
    do {
        for start in stride(from: 0, to: input.count, by: max(1, atOnce)) {
            message.take(Array(input[start..<min(input.count, start + atOnce)]))
            guard try message.isWhole() else { continue }
            let length = message.withField("content-length") { value in
                Int(String(decoding: value.indices.map { value[$0] }, as: UTF8.self))
            }
            return .message(
                body: message.withBody { body in body.indices.map { body[$0] } }, length: length ?? nil,
                status: message.status)
        }
    } catch { return .refused }
    return .nothing
}

/// What is taken for active says for Foundation that it is, whose it is and until when.
func checkIntrospection(_ text: [UInt8]) throws {
    var answer = IntrospectionAnswer()
    guard (try? answer.read(text.span, at: .traceStart)) == true,
        let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
    else { return }
    try promise(object["active"] as? Bool == true, "active")
    try promise(object["sub"] as? String != nil, "sub")
    try promise((object["sub"] as? String).flatMap { UInt64($0) } == answer.subject.id, "another sub")
    let end = (object["exp"] as? NSNumber)?.doubleValue ?? -.infinity
    try promise(end > Double(Instant.traceStart.seconds) - 1, "a token beyond its end")
}
