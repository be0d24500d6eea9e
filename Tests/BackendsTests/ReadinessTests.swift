import Backends
import Foundation
import Testing

@Suite("Readiness")
struct ReadinessTests {
    @Test("tells a pipe with something in it, or at its end, from an empty one")
    func pipe() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        #expect(!Readiness.isReadable(descriptor, within: 0.01))
        try pipe.fileHandleForWriting.write(contentsOf: Data("x".utf8))
        #expect(Readiness.isReadable(descriptor, within: 0.01))
        _ = pipe.fileHandleForReading.availableData
        #expect(!Readiness.isReadable(descriptor, within: 0.01))
        try pipe.fileHandleForWriting.close()
        #expect(Readiness.isReadable(descriptor, within: 0.01))
    }
}
