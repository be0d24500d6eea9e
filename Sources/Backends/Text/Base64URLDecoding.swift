import CBase64URL

/// Decoding of base64url for the hot path, with the processor's byte shuffles where it has them.
package enum Base64URLDecoding {
    /// How it is done; all ways come to the same.
    package enum Way: Sendable {
        case best
        /// As on a processor that has no byte shuffles.
        case byBytes
    }

    /// Decodes unpadded base64url (RFC 4648 section 5) strictly, as `Base64URL.decode` does, into the front of an array.
    ///
    /// - Parameters:
    ///   - text: the characters.
    ///   - output: not touched behind the bytes that the text stands for.
    ///   - way: another than the best for tests.
    /// - Returns: the number of bytes written, or `nil` when the text is not the one encoding of some bytes or `output` is
    ///   too short; then the bytes may be anything.
    package static func decode(_ text: Span<UInt8>, into output: inout [UInt8], _ way: Way = .best) -> Int? {
        guard text.count * 3 / 4 <= output.count else { return nil }
        let written = unsafe text.withUnsafeBufferPointer { text in
            unsafe output.withUnsafeMutableBufferPointer { output in
                switch way {
                case .best:
                    unsafe authbench_base64url_decode(text.baseAddress, text.count, output.baseAddress)
                case .byBytes:
                    unsafe authbench_base64url_decode_by_bytes(
                        text.baseAddress, text.count, output.baseAddress)
                }
            }
        }
        return written < 0 ? nil : written
    }
}
