import Glibc

/// What the C library does a vector at a time and a loop over a span does a byte at a time.
package enum ByteSearch {
    /// Where a byte stands next, at or after `start`.
    package static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether two spans hold the same bytes; not constant-time, so never for secrets.
    package static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return unsafe memcmp(left, other, right.count) == 0
            }
        }
    }
}

/// What a loop copies a byte at a time.
package enum ByteCopy {
    /// Makes an array's bytes those of a span, in the memory that it has where their number stays the same.
    package static func copy(_ bytes: Span<UInt8>, into array: inout [UInt8]) {
        if array.count != bytes.count { array = Array(repeating: 0, count: bytes.count) }
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe array.withUnsafeMutableBytes { unsafe $0.copyMemory(from: bytes) }
        }
    }
}
