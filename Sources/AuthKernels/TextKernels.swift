import AuthCore
import AuthStrategies
import Backends

/// What is read and written between the bytes of a request and its decision.
public enum TextKernels {
    /// Encodes each message in turn into a buffer that is used again.
    public static func base64Encode(_ messages: Messages) -> Kernel {
        Kernel("base64url encode") { range in
            var text: [UInt8] = []
            return messages.count(range) { _, message in
                text.removeAll(keepingCapacity: true)
                Base64URL.append(message, to: &text)
                return text.count == Base64URL.encodedCount(message.count)
            }
        }
    }

    /// Decodes the text of each message in turn into a buffer that is used again.
    public static func base64Decode(_ texts: Messages) -> Kernel {
        Kernel("base64url decode") { range in
            var bytes = [UInt8](repeating: 0, count: 1 << 14)
            return texts.count(range) { _, text in
                Base64URLDecoding.decode(text, into: &bytes) == text.count * 3 / 4
            }
        }
    }

    /// Reads the claims of so many tokens in turn, as the JWT strategies issue them.
    public static func claimsReader(_ count: Int) throws -> Kernel {
        let reading = try AccessTokenReading(count: count, policy: Policy(), at: .traceStart)
        let payloads = Messages(reading.payloads)
        return Kernel("claims reader") { range in
            payloads.count(range) { reading.areClaimsRead($1, of: Subject(id: UInt64($0) + 1)) }
        }
    }

    /// Finds the parts of a bearer token in its header line, and checks its JOSE header.
    public static func headerParse(_ count: Int) throws -> Kernel {
        let reading = try AccessTokenReading(count: count, policy: Policy(), at: .traceStart)
        let lines = Messages(reading.headerLines)
        return Kernel("header parse") { range in lines.count(range) { reading.isHeaderRead($1) } }
    }
}
