import AuthResults
import Foundation
import Testing

@testable import AuthDecision

@Suite struct EvidenceTests {
    @Test func `a folder that does not exist is refused with its path`() {
        let reader = ResultReader(URL(fileURLWithPath: "/nowhere"))
        #expect(throws: ResultError.self) { _ = try Evidence([("nowhere", nil, reader)]) }
    }
}
