import CAuthBenchHiredis

/// One reply of the server; owns what hiredis allocated for it.
@safe public struct RedisReply: ~Copyable {
    private let reply: UnsafeMutablePointer<redisReply>

    @unsafe init(_ reply: UnsafeMutablePointer<redisReply>) {
        unsafe self.reply = reply
    }

    deinit { unsafe freeReplyObject(reply) }

    package var isNil: Bool { unsafe reply.pointee.type == REDIS_REPLY_NIL }

    package var integer: Int64? {
        unsafe reply.pointee.type == REDIS_REPLY_INTEGER ? reply.pointee.integer : nil
    }

    /// The message of an error reply.
    var error: String? {
        unsafe reply.pointee.type == REDIS_REPLY_ERROR
            ? String(decoding: Self.bytes(reply), as: UTF8.self) : nil
    }

    /// The bytes of a string or a status, copied.
    package var bytes: [UInt8]? {
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: unsafe Self.bytes(reply)
        default: nil
        }
    }

    package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The elements of an array of strings, copied.
    package var elements: [[UInt8]]? {
        guard unsafe reply.pointee.type == REDIS_REPLY_ARRAY else { return nil }
        return unsafe (0..<reply.pointee.elements).compactMap { index in
            guard let element = unsafe reply.pointee.element[index] else { return nil }
            return unsafe Self.bytes(element)
        }
    }

    /// Of an array of two: whether the first is there, and the second's bytes, copied.
    package var pair: (first: Bool, second: [UInt8]?)? {
        guard unsafe reply.pointee.type == REDIS_REPLY_ARRAY, unsafe reply.pointee.elements == 2,
            let first = unsafe reply.pointee.element[0], let second = unsafe reply.pointee.element[1]
        else { return nil }
        return unsafe (
            first.pointee.type != REDIS_REPLY_NIL,
            second.pointee.type == REDIS_REPLY_NIL ? nil : Self.bytes(second)
        )
    }

    /// The whole reply, copied, for one whose elements have elements.
    package var value: RedisValue { unsafe Self.value(reply) }

    @unsafe private static func value(_ reply: UnsafeMutablePointer<redisReply>) -> RedisValue {
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_INTEGER: unsafe .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS:
            unsafe .text(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            unsafe .array(
                (0..<reply.pointee.elements).compactMap { index in
                    unsafe reply.pointee.element[index].map { unsafe value($0) }
                })
        default: .nothing
        }
    }

    /// What a subscribed connection is sent: the kind (`message`, `subscribe`, `pong`), and the texts of its last element,
    /// copied; `nil` for those of a flush of all keys, and for a reply of another type.
    package var push: (kind: [UInt8], texts: [[UInt8]]?)? {
        guard unsafe reply.pointee.type == REDIS_REPLY_ARRAY, unsafe reply.pointee.elements > 0,
            let kind = unsafe reply.pointee.element[0],
            let last = unsafe reply.pointee.element[reply.pointee.elements - 1]
        else { return nil }
        let texts: [[UInt8]]? =
            switch unsafe last.pointee.type {
            case REDIS_REPLY_NIL: nil
            case REDIS_REPLY_ARRAY:
                unsafe (0..<last.pointee.elements).compactMap { index in
                    unsafe last.pointee.element[index].map { unsafe Self.bytes($0) }
                }
            default: unsafe [Self.bytes(last)]
            }
        return unsafe (Self.bytes(kind), texts)
    }

    /// The reply of a `SCAN`: the cursor to go on with, and the keys found.
    package var scan: (cursor: String, keys: [[UInt8]])? {
        guard unsafe reply.pointee.type == REDIS_REPLY_ARRAY, unsafe reply.pointee.elements == 2,
            let cursor = unsafe reply.pointee.element[0], let list = unsafe reply.pointee.element[1]
        else { return nil }
        let keys = unsafe (0..<list.pointee.elements).compactMap { index in
            unsafe list.pointee.element[index].map { unsafe Self.bytes($0) }
        }
        return unsafe (String(decoding: Self.bytes(cursor), as: UTF8.self), keys)
    }

    /// Hands over the bytes of a string where they lie; `nil` for any other type.
    package func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard unsafe reply.pointee.type == REDIS_REPLY_STRING else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: reply.pointee.str, count: Int(reply.pointee.len))
        return try unsafe body(Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
    }

    @unsafe private static func bytes(_ reply: UnsafeMutablePointer<redisReply>) -> [UInt8] {
        guard let start = unsafe reply.pointee.str else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(reply.pointee.len)))
    }
}

/// A reply by itself, for what is asked seldom.
package enum RedisValue: Sendable, Equatable {
    case nothing
    case integer(Int64)
    case text(String)
    indirect case array([RedisValue])

    var elements: [RedisValue] { if case .array(let elements) = self { elements } else { [] } }
    var number: Int? { if case .integer(let number) = self { Int(number) } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
}
