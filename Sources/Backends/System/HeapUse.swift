import CLinux

/// What this process holds in memory (mallinfo2(3)).
package enum HeapUse {
    /// Bytes that were allocated and not given back, those in mappings of their own among them.
    ///
    /// What the allocator keeps for a thread's next request counts as allocated: some thousand bytes that come and go.
    package static func held_bytes() -> Int64 { Int64(authbench_heap_bytes()) }
}
