import Foundation
import Testing

@testable import AuthStrategies

@Suite("Date of an answer")
struct HTTPDateTests {
    @Test("is what Foundation writes, in leap years and at the turn of years and days too")
    func agrees() {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        var random = SystemRandomNumberGenerator()
        let edges: [Int64] = [
            0, 951_782_399, 951_782_400, 1_767_225_599, 1_767_225_600, 4_107_542_399, 4_107_542_400,
        ]
        for second in edges + (0..<2000).map({ _ in .random(in: 0..<8_000_000_000, using: &random) }) {
            let expected = format.string(from: Date(timeIntervalSince1970: Double(second)))
            #expect(HTTPDate.text(second) == expected)
        }
    }
}
